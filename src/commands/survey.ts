import { ulid } from 'ulid';
import type { Facts } from '../facts.ts';
import { Fault } from '../fault.ts';
import type { Site } from '../postgres/installed.ts';
import type { Postgres } from '../postgres/port.ts';
import { aimOf } from '../reconcile/discover.ts';
import type { Asked, Job } from '../reconcile/job.ts';
import { mappingOf } from '../reconcile/mapping.ts';
import { bind, look, stopAtProblem, tellsProviders } from '../reconcile/preflight.ts';
import { orStopped } from '../reconcile/stop.ts';
import { AUTH_USERS } from '../sql/auth-users.ts';
import { columnsNamed } from '../sql/columns-named.ts';
import type { SqlKind } from '../sql/kinds.ts';
import type { Mapping } from '../sql/mapping.ts';
import { qualified } from '../sql/name.ts';
import type { FunctionOptions } from '../sql/read-functions.ts';
import type { Surroundings } from '../sql/role.ts';
import { SIGNATURES } from '../sql/signatures.ts';
import type { Installed } from '../sql/uninstall.ts';
import { notesOf } from './notes.ts';
import { openServer } from './open.ts';
import type { Terminal } from './terminal.ts';

/** What printed SQL is made from; null: not looked at. */
export interface Ground {
  skip: Mapping['skip'];
  /** What the functions take besides the mapping. */
  reading: FunctionOptions;
  mapping: Mapping | null;
  surroundings: Surroundings | null;
  installed: Installed | null;
  notes: readonly string[];
}

const MAPPED: ReadonlySet<SqlKind> = new Set(['functions', 'trigger', 'role', 'statement']);
/** These are for auth.users itself, whatever view the job reads. */
const AT_SOURCE: ReadonlySet<SqlKind> = new Set(['trigger', 'role']);

/**
 * Looks at everything that the SQL depends on, and has the database judge the mapping as a sync would. Throws a Fault
 * where a sync would stop, and where a function of somebody else stands in the way.
 */
export async function survey(kind: SqlKind, job: Asked, terminal: Terminal): Promise<Ground> {
  const port = await openServer(terminal.env, {
    runId: ulid(),
    concurrency: 1,
    signal: terminal.stop.signal,
    onRetry: () => {},
  });
  const { signal } = terminal.stop;
  try {
    return await orStopped(signal, MAPPED.has(kind) ? withMapping(kind, job, port) : withoutMapping(kind, job, port));
  } finally {
    await port.close(signal.aborted ? 'now' : 'settle').catch(() => {});
  }
}

async function withoutMapping(kind: SqlKind, { config }: Asked, port: Postgres): Promise<Ground> {
  const site = await port.site(SIGNATURES[kind], null);
  refuseForeign(site);
  const notes = notesOf(kind, { site, facts: null, found: [], inferred: null });
  const reading = { graceMs: config.grace, providers: true };
  return { skip: config.skip, reading, mapping: null, surroundings: null, installed: site.installed, notes };
}

async function withMapping(kind: SqlKind, asked: Asked, port: Postgres): Promise<Ground> {
  const job = await aimed(kind, asked, port);
  const site = await port.site(SIGNATURES[kind], job.config.target);
  refuseForeign(site);
  const sighting = await look(port, job);
  stopAtProblem(sighting.found);
  if (kind === 'role') refuseWholeRows(sighting.job);
  stopAtProblem(await bind(port, sighting).prove('write'));
  const { facts, found } = sighting;
  return {
    skip: job.config.skip,
    reading: { graceMs: job.config.grace, providers: tellsProviders(facts) },
    // As the job has it: the same mapping has the same name everywhere.
    mapping: mappingOf({ config: { ...sighting.job.config, source: asked.config.source } }, facts),
    surroundings: surroundingsOf(sighting.job, facts, site),
    installed: site.installed,
    notes: notesOf(kind, { site, facts, found, inferred: sighting.inferred ? sighting.job : null }),
  };
}

async function aimed(kind: SqlKind, asked: Asked, port: Postgres): Promise<Job> {
  const source = AT_SOURCE.has(kind) ? AUTH_USERS : asked.config.source;
  const { target } = asked.config;
  const aim =
    target && asked.keyGiven
      ? { target, key: asked.config.key }
      : aimOf(asked, await port.candidates(source), `sql ${kind}`);
  return { ...asked, config: { ...asked.config, ...aim, source } };
}

function refuseForeign({ foreign }: Site): void {
  if (foreign.length === 0) return;
  const [verb, it] = foreign.length === 1 ? ['is', 'it'] : ['are', 'they'];
  throw new Fault(
    'function_foreign',
    `${foreign.join(', ')} ${verb} there already and not from userdrift, so ${it} cannot be replaced`,
    {
      verdict: 'refused',
      fix: `see who calls ${foreign.length === 1 ? 'it' : 'them'}, then: ${foreign.map((routine) => `drop ${routine};`).join(' ')}`,
    },
  );
}

/** A view has the columns that are named; of the row as a whole it would give another value than auth.users does. */
function refuseWholeRows({ config }: Job): void {
  const expressions = { ...config.columns, 'skip.where': config.skip.where ?? '' };
  const [first] = Object.entries(expressions).find(([, sql]) => columnsNamed([sql], []).wholeRow) ?? [];
  if (first === undefined) return;
  const path = first === 'skip.where' ? first : `columns.${first}`;
  throw new Fault('expression_whole_row', `${path} reads the row u as a whole, so no view can do with fewer columns`, {
    verdict: 'refused',
    fix: `name the columns of u in ${path}`,
  });
}

function surroundingsOf({ config }: Job, { target, repairFunction }: Facts, site: Site): Surroundings {
  const called = repairFunction?.overloads.find(({ takesUuid }) => takesUuid);
  return {
    rowSecurity: target?.rls !== 'off',
    sequences: site.sequences,
    repair: called && config.repair !== 'insert' ? `${qualified(config.repair.function)}(${called.arguments})` : null,
    history: site.installed.functions.some((signature) => signature.startsWith('public.userdrift_record_run(')),
  };
}
