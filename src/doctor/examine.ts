import type { Examination, Topic } from '../examination.ts';
import type { Facts, Finding } from '../facts.ts';
import { asFault } from '../fault.ts';
import type { Port } from '../port.ts';
import { causesOf, copiersOf } from '../reconcile/causes/causes.ts';
import { aimOf } from '../reconcile/discover.ts';
import { groundFindings } from '../reconcile/findings/findings.ts';
import type { Asked, Job } from '../reconcile/job.ts';
import { bind, look, type Sighting } from '../reconcile/preflight.ts';
import { orStopped } from '../reconcile/stop.ts';
import { opened, type World } from '../reconcile/world.ts';
import { display } from '../sql/name.ts';
import { accessFindings } from './access.ts';
import { historyFindings } from './past.ts';

/** What the examination needs from the world around it. */
export type Clinic = Pick<World, 'toolVersion' | 'open' | 'stop' | 'trouble'>;

/**
 * Looks at everything that a `sync` of this job would stop at or stumble over, and tells all of it. What goes wrong on
 * the way is a finding. Writes nothing and reads no row but the one that proves the mapping.
 */
export async function examine(asked: Asked, clinic: Clinic): Promise<Examination> {
  const visit = new Visit(asked);
  const started = performance.now();
  try {
    await visitDatabase(visit, clinic);
  } catch (error) {
    clinic.stop.throwIfAborted();
    clinic.trouble?.(error);
    visit.found.push(findingOf(error, visit.topic));
  }
  return examinationOf(visit, clinic.toolVersion, Math.round(performance.now() - started));
}

const NOTHING = { insert: false, update: false };

/** What is known so far. */
class Visit {
  readonly found: Finding[] = [];
  asked: Asked;
  database: Examination['database'] = { host: null, name: null, user: null, serverVersion: null };
  /** What is being looked at, for an error that says no more. */
  topic: Topic = 'connection';

  constructor(asked: Asked) {
    this.asked = asked;
  }

  facts: Facts | null = null;

  see(facts: Facts): void {
    this.facts = facts;
    this.database = { ...this.database, name: facts.server.database, serverVersion: facts.server.version };
  }
}

async function visitDatabase(visit: Visit, { open, stop }: Clinic): Promise<void> {
  const port = await opened(open, stop);
  const { host, database, user } = port.address;
  visit.database = { ...visit.database, host, name: database, user };
  visit.found.push(...port.notes.map(({ code, message, fix }) => warningOf(code, message, fix)));
  try {
    await orStopped(stop, visitTables(visit, port));
  } finally {
    await port.close(stop.aborted ? 'now' : 'settle').catch(() => {});
  }
}

async function visitTables(visit: Visit, port: Port): Promise<void> {
  const job = await aim(visit, port);
  if (job) await visitJob(visit, port, job);
  if (!visit.facts) return;
  const target = job && display(job.config.target);
  visit.topic = 'history';
  visit.found.push(...(visit.facts.ours ? accessFindings(visit.facts.ours) : []));
  visit.found.push(...(await historyFindings(port, visit.facts, target)));
}

async function visitJob(visit: Visit, port: Port, job: Job): Promise<void> {
  visit.asked = job;
  const sighting = await look(port, job);
  visit.see(sighting.facts);
  visit.found.push(...sighting.found, ...copiersOf(sighting.facts), ...causesOf(sighting.facts, job.config, null));
  visit.topic = 'columns';
  if (isVisible(sighting)) visit.found.push(...news(await bind(port, sighting).prove('write'), sighting.found));
}

/** The job with its target; null: nothing says which it is, and only the ground was looked at. */
async function aim(visit: Visit, port: Port): Promise<Job | null> {
  const { asked } = visit;
  const { source, target, key } = asked.config;
  if (target && asked.keyGiven) return { ...asked, config: { ...asked.config, target } };
  visit.topic = 'target';
  try {
    const chosen = aimOf(asked, await port.candidates(source), 'doctor');
    return { ...asked, config: { ...asked.config, ...chosen } };
  } catch (error) {
    const facts = await port.inspect({ source, target: null, key, writes: NOTHING, repair: null });
    visit.see(facts);
    visit.found.push(...groundFindings(facts, asked), findingOf(error, 'target'));
    return null;
  }
}

/** Without both tables in sight, PostgreSQL could not judge the mapping. */
function isVisible({ facts: { source, target, key } }: Sighting): boolean {
  return source?.sight.seen === true && target?.sight.seen === true && key !== null && key.type !== 'other';
}

/** PostgreSQL finds again what the catalog has shown already, such as a column that does not exist. */
function news(proved: readonly Finding[], found: readonly Finding[]): Finding[] {
  const told = (topics: readonly Topic[]) =>
    found.some(({ level, about }) => level === 'problem' && topics.includes(about));
  return proved.filter(({ code, about }) => {
    return (
      !(code === 'insert_invalid' && told(['target', 'key', 'columns'])) && !(about === 'repair' && told(['repair']))
    );
  });
}

function warningOf(code: string, fact: string, fix: string | null): Finding {
  return { about: 'connection', level: 'warning', code, fact, fix };
}

function findingOf(error: unknown, about: Topic): Finding {
  const { code, message, fix } = asFault(error);
  return { about, level: 'problem', code, fact: message, fix };
}

function examinationOf({ asked, database, found }: Visit, version: string, durationMs: number): Examination {
  const { source, target, key } = asked.config;
  const count = (level: Finding['level']) => found.filter((finding) => finding.level === level).length;
  const counts = { ok: count('ok'), warning: count('warning'), problem: count('problem') };
  return {
    version: 1,
    tool: { version },
    exitCode: counts.problem > 0 ? 1 : 0,
    database,
    source: display(source),
    target: target ? display(target) : '',
    key,
    durationMs,
    counts,
    findings: found.map(({ about, level, code, fact, fix }) => ({ about, level, code, fact, fix })),
  };
}
