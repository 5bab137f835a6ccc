import type { Facts, Finding } from '../facts.ts';
import { Fault } from '../fault.ts';
import type { Port, Tables, Writes } from '../port.ts';
import type { Note } from '../report.ts';
import { findings } from './findings/findings.ts';
import { inferColumns } from './infer.ts';
import { callsFunction, type Job } from './job.ts';
import { mappingOf } from './mapping.ts';

export interface Preflight {
  facts: Facts;
  tables: Tables;
  warnings: Note[];
}

/**
 * Looks before anything is written: who am I, can I see, does the target fit, does the database accept the mapping?
 * Stops at the first problem with its Fault; `seen` gets the facts even then.
 */
export async function preflight(port: Port, job: Job, seen: (facts: Facts) => void): Promise<Preflight> {
  const sighting = await look(port, job);
  seen(sighting.facts);
  stopAtProblem(sighting.found);
  const tables = bind(port, sighting);
  stopAtProblem(await tables.prove(job.command === 'check' ? 'read' : 'write'));
  const inferred = sighting.inferred && job.command !== 'check' ? [inferredNote(sighting.job)] : [];
  const warnings = sighting.found.filter(({ level }) => level === 'warning').map(noteOf);
  return { facts: sighting.facts, tables, warnings: [...warnings, ...inferred] };
}

/** What there is, and what it means for the job. */
export interface Sighting {
  facts: Facts;
  /** with the columns that the table suggests, where the configuration gives none */
  job: Job;
  inferred: boolean;
  found: Finding[];
}

/** Looks at both tables and judges what is there; preflight and doctor share it. */
export async function look(port: Port, asked: Job): Promise<Sighting> {
  const { source, target, key, repair } = asked.config;
  const called = repair === 'insert' ? null : repair.function;
  const facts = await port.inspect({ source, target, key, writes: writesOf(asked), repair: called });
  const job = withMapping(asked, facts);
  const inferred = job !== asked;
  return { facts, job, inferred, found: findings(facts, { ...job, inferred }) };
}

/** A check needs to see only; a repair function writes with its own rights. */
function writesOf(job: Job): Writes {
  const writing = job.command !== 'check';
  return { insert: writing && !callsFunction(job), update: writing && job.config.refresh.length > 0 };
}

/** The tables under the mapping of the job. */
export function bind(port: Port, { facts, job }: Sighting): Tables {
  return port.bind(mappingOf(job, facts), {
    rowSecurity: facts.target?.sight.seen === true && facts.target.sight.through === 'policy',
    writes: writesOf(job),
    graceMs: job.config.grace,
    // A validated foreign key on the key proves that there are none.
    orphans: facts.target?.fkToSource !== true,
    providers: tellsProviders(facts),
  });
}

/** Does the source tell by which provider a user came? A view need not. */
export function tellsProviders({ source }: Facts): boolean {
  return source?.columns.some(({ name, base }) => name === 'raw_app_meta_data' && base === 'jsonb') === true;
}

/** A configuration without columns takes what the table suggests; given columns are the whole mapping. A function needs none. */
function withMapping(job: Job, { source, target }: Facts): Job {
  if (job.config.columns || callsFunction(job) || !source || !target) return job;
  const columns = inferColumns(target.columns, source.columns, job.config.key);
  return { ...job, config: { ...job.config, columns } };
}

/** Which columns the table itself suggested, and how to write them down. */
export function inferredNote({ config }: Job): Note {
  const names = Object.keys(config.columns ?? {}).join(', ') || 'none but the key';
  const snippet = JSON.stringify({ columns: config.columns });
  const fix = `to keep them so, write to userdrift.config.json: ${snippet}`;
  return { code: 'mapping_inferred', message: `columns were inferred: ${names}`, fix };
}

/** Throws the first problem as a Fault. */
export function stopAtProblem(found: readonly Finding[]): void {
  const problem = found.find(({ level }) => level === 'problem');
  if (!problem) return;
  throw new Fault(problem.code, problem.fact, { fix: problem.fix, verdict: problem.verdict ?? 'failed' });
}

function noteOf({ code, fact, fix }: Finding): Note {
  return { code, message: fact, fix };
}
