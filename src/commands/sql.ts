import { Fault } from '../fault.ts';
import { type Asked, callsFunction } from '../reconcile/job.ts';
import { mappingOf } from '../reconcile/mapping.ts';
import { functionsScript } from '../sql/functions-script.ts';
import { historySql } from '../sql/history.ts';
import type { SqlKind } from '../sql/kinds.ts';
import { display } from '../sql/name.ts';
import { roleSql } from '../sql/role.ts';
import type { Origin } from '../sql/script.ts';
import { statementSql } from '../sql/statement.ts';
import { triggerSql } from '../sql/trigger.ts';
import { uninstallSql } from '../sql/uninstall.ts';
import { webhookSql } from '../sql/webhook.ts';
import type { AimFlags } from './flags.ts';
import { jobOf } from './job.ts';
import { type Ground, survey } from './survey.ts';
import type { Terminal } from './terminal.ts';

const PRINT: Readonly<Record<SqlKind, (ground: Ground, origin: Origin) => string>> = {
  functions: ({ mapping, reading }, origin) => functionsScript(mapping ?? incomplete(), reading, origin),
  trigger: ({ mapping }, origin) => triggerSql(mapping ?? incomplete(), origin),
  webhook: ({ skip }, origin) => webhookSql({ skip }, origin),
  role: ({ mapping, surroundings }, origin) => roleSql(mapping ?? incomplete(), surroundings ?? unseen('role'), origin),
  history: (_, origin) => historySql(origin),
  statement: ({ mapping }, origin) => statementSql(mapping ?? incomplete(), origin),
  uninstall: ({ installed }, origin) => uninstallSql(installed ?? unseen('uninstall'), origin),
};

/** `userdrift sql <what>`: prints SQL for a person to read and to apply. Changes nothing itself. */
export async function sql(kind: SqlKind, flags: AimFlags, terminal: Terminal): Promise<number> {
  const job = await jobOf('sync', { ...flags, ids: true, maxDrift: 0, transport: 'postgres' });
  terminal.out(await sqlText(kind, job, terminal));
  return 0;
}

/** The SQL of one kind for a job, as it is printed. Throws a Fault where a sync would stop. */
export async function sqlText(kind: SqlKind, job: Asked, terminal: Terminal): Promise<string> {
  if (kind === 'functions') refuseRepair(job);
  const ground = terminal.env.databaseUrl === undefined ? groundIn(job) : await survey(kind, job, terminal);
  return PRINT[kind](ground, { version: terminal.version, notes: ground.notes });
}

/**
 * What the configuration says without a database: the same text on every machine. The key is taken for a uuid, and nobody
 * has tried the expressions.
 */
function groundIn(job: Asked): Ground {
  const { source, target, columns, refresh, repair, skip, grace } = job.config;
  const complete = target !== undefined && (columns !== undefined || repair !== 'insert') && refresh.length === 0;
  const mapping = complete ? mappingOf({ config: { ...job.config, target } }, { key: null, target: null }) : null;
  // Nothing is known of a view but its name.
  const reading = { graceMs: grace, providers: display(source) === 'auth.users' };
  return { skip, reading, mapping, surroundings: null, installed: null, notes: [] };
}

/** They would insert rows past the function of the application, and the job would take those for whole. */
function refuseRepair(job: Asked): void {
  if (!callsFunction(job)) return;
  throw new Fault('repair_over_http', 'the functions of the Data API insert rows and call no repair.function', {
    fix: 'use userdrift sql trigger, which calls it, and run over DATABASE_URL; or take it out of the configuration',
  });
}

function incomplete(): never {
  throw new Fault('database_url_missing', 'DATABASE_URL is not set, and the configuration alone does not say enough', {
    fix: 'set DATABASE_URL, or write "target", "key" and "columns" to userdrift.config.json, without "refresh"',
  });
}

function unseen(kind: SqlKind): never {
  throw new Fault('database_url_missing', `DATABASE_URL is not set, and sql ${kind} goes by what is in the database`, {
    fix: 'set it in the environment or in .env; the dashboard shows it under Connect, Session pooler',
  });
}
