import type { Column, Facts, Finding, Index } from '../port.ts';
import { display, ident } from '../sql/name.ts';
import type { Job } from './job.ts';

type Asked = Pick<Job, 'command' | 'config' | 'dryRun'>;
type Target = NonNullable<Facts['target']>;

/**
 * What the facts mean for this job, most serious first. Pure: preflight stops at the first problem, doctor prints all.
 * `check` needs only target, key and skip, so what is wrong with the mapping alone is a warning there.
 */
export function findings(facts: Facts, job: Asked): Finding[] {
  return [...serverFindings(facts, job), ...sourceFindings(facts, job), ...targetFindings(facts, job)];
}

function problem(verdict: NonNullable<Finding['verdict']>, code: string, fact: string, fix: string): Finding {
  return { level: 'problem', code, fact, fix, verdict };
}

function warning(code: string, fact: string, fix: string | null): Finding {
  return { level: 'warning', code, fact, fix };
}

/** A problem for whoever wants to write, a warning for whoever only looks. */
function forWriters(job: Asked, finding: Finding): Finding {
  return job.command === 'check' ? warning(finding.code, finding.fact, finding.fix) : finding;
}

function serverFindings({ server }: Facts, job: Asked): Finding[] {
  if (server.inRecovery) {
    const fact = 'this server is a replica: rows that it has not received yet would look missing';
    return [problem('inconclusive', 'replica', fact, 'connect to the primary')];
  }
  if (server.readOnly && job.command !== 'check') {
    const fact = 'the database is read-only (default_transaction_read_only is on)';
    return [problem('failed', 'read_only', fact, 'a full disk does that: see the dashboard, then run it again')];
  }
  return [];
}

function sourceFindings({ source, role, server }: Facts, job: Asked): Finding[] {
  const name = display(job.config.source);
  if (!source) {
    const fact = `there is no ${name} in database ${server.database}, or role ${role.name} may not enter its schema`;
    return [
      problem('failed', 'source_missing', fact, 'check the database in DATABASE_URL; on Supabase it is postgres'),
    ];
  }
  const missing = neededColumns(job).filter((needed) => !source.columns.some((column) => column.name === needed));
  if (missing.length > 0) {
    const fact = `${name} has no column ${missing.join(', ')}`;
    const fix = 'add it to the view, or switch the matching skip off';
    return [problem('failed', 'source_column_missing', fact, fix)];
  }
  if (!source.sight.seen) {
    const fact = `role ${role.name} cannot see every row of ${name} (${source.sight.code}): row level security or a missing grant`;
    return [problem('inconclusive', 'source_unseen', fact, 'connect as postgres, or read a view that postgres owns')];
  }
  return [];
}

function neededColumns({ config: { skip } }: Asked): string[] {
  return [
    'id',
    'created_at',
    ...(skip.deleted ? ['deleted_at'] : []),
    ...(skip.anonymous ? ['is_anonymous'] : []),
    ...(skip.sso ? ['is_sso_user'] : []),
  ];
}

function targetFindings(facts: Facts, job: Asked): Finding[] {
  const { target, role, server } = facts;
  const name = display(job.config.target);
  if (name === display(job.config.source) || name === 'auth.users') {
    const fact = `the target is ${name} itself, where nobody can be missing`;
    return [problem('failed', 'target_is_source', fact, 'name the table of the application with --target')];
  }
  if (!target) {
    const fact = `there is no table ${name} in database ${server.database}, or role ${role.name} may not enter its schema`;
    return [problem('failed', 'target_missing', fact, 'name the table with --target or in the configuration')];
  }
  if (!target.columns.some((column) => column.name === job.config.key)) {
    const fact = `${name} has no column ${job.config.key}`;
    return [problem('failed', 'key_missing', fact, 'name the column that holds the auth id with --key')];
  }
  if (!target.sight.seen) {
    const fact = `role ${role.name} cannot see every row of ${name} (${target.sight.code}): row level security or a missing grant`;
    const fix = `connect as postgres, or: alter role ${ident(role.name)} bypassrls`;
    return [problem('inconclusive', 'target_unseen', fact, fix)];
  }
  return [...keyFindings(facts, target, job), ...mappingFindings(target, job), ...triggerFindings(target)];
}

function keyFindings({ key }: Facts, target: Target, job: Asked): Finding[] {
  const name = display(job.config.target);
  const column = job.config.key;
  if (!key || key.type === 'other') {
    const fact = `key ${column} of ${name} is ${key?.sqlType ?? 'unknown'}, which cannot hold an auth id`;
    return [problem('failed', 'key_type', fact, 'name the uuid or text column that holds it with --key')];
  }
  const found: Finding[] = [];
  if (key.oddRows) {
    const fact = `key ${column} of ${name} holds uuids in another spelling than lower case with hyphens`;
    const fix = `update ${name} set ${ident(column)} = ${ident(column)}::uuid::text, for the rows that hold a uuid`;
    found.push(problem('refused', 'key_not_canonical', fact, fix));
  }
  const shape = shapeProblem(target, job) ?? uniqueProblem(target, job);
  return shape ? [...found, forWriters(job, shape)] : found;
}

/** What stands in for a table takes inserts in its own way, and a lost user would not be seen. */
function shapeProblem(target: Target, job: Asked): Finding | null {
  const name = display(job.config.target);
  if (target.kind !== 'table' && target.kind !== 'partitioned') {
    const fact = `${name} is a ${target.kind}, not a table`;
    return problem('refused', 'target_not_a_table', fact, 'name the table behind it with --target');
  }
  const [rule] = target.insertRules;
  if (rule === undefined) return null;
  return problem('refused', 'insert_rule', `${name} has an INSERT rule (${rule})`, 'replace the rule by a trigger');
}

function uniqueProblem(target: Target, job: Asked): Finding | null {
  const name = display(job.config.target);
  const { key } = job.config;
  const covering = target.indexes.filter((index) => index.unique && index.columns.join('\0') === key);
  if (covering.some(isArbiter)) return null;
  const create = `create unique index concurrently on ${name} (${ident(key)})`;
  const deferrable = covering.find((index) => !index.immediate);
  if (deferrable) {
    const fact = `key ${key} of ${name} is unique by ${deferrable.name}, which is deferrable: on conflict cannot use it`;
    return problem('refused', 'key_deferrable', fact, create);
  }
  return problem('refused', 'key_not_unique', `key ${key} of ${name} has no unique index`, create);
}

function isArbiter(index: Index): boolean {
  return index.immediate && index.valid && !index.partial;
}

function mappingFindings(target: Target, job: Asked): Finding[] {
  const { columns, repair } = job.config;
  const name = display(job.config.target);
  if (repair !== 'insert') {
    const fact = 'repair by a function of the application is not in this version';
    return [forWriters(job, problem('failed', 'repair_unsupported', fact, 'set "repair" to "insert"'))];
  }
  if (!columns) return [];
  const byName = new Map(target.columns.map((column) => [column.name, column]));
  const mapped = Object.keys(columns).filter((column) => column !== job.config.key);
  return [
    ...mapped.flatMap((column) => columnFinding(name, column, byName.get(column), job)),
    ...unmappedFinding(target, new Set([...mapped, job.config.key]), job),
    ...mapped.filter((column) => isPrivilegeFromMetadata(column, columns[column] ?? '')).map(privilegeWarning),
  ];
}

function columnFinding(table: string, name: string, column: Column | undefined, job: Asked): Finding[] {
  if (!column) {
    const fact = `columns.${name}: ${table} has no column of that name`;
    return [
      forWriters(job, problem('failed', 'column_unknown', fact, 'names are exact and case-sensitive, without quotes')),
    ];
  }
  if (!column.generated && !column.identity) return [];
  const fact = `columns.${name}: ${table} computes this column itself (${column.generated ? 'generated' : 'identity'})`;
  return [forWriters(job, problem('failed', 'column_generated', fact, 'remove it from columns'))];
}

/** Stops a writer before the first row, unless a BEFORE INSERT row trigger may fill the column in. */
function unmappedFinding(target: Target, given: ReadonlySet<string>, job: Asked): Finding[] {
  const open = target.columns.filter(
    (column) =>
      column.notNull && !column.hasDefault && !column.identity && !column.generated && !given.has(column.name),
  );
  if (open.length === 0) return [];
  const names = open.map((column) => column.name);
  const fact = `${display(job.config.target)} needs a value for ${names.join(', ')}, which nothing maps`;
  const snippet = open.map((column) => `${JSON.stringify(column.name)}: "<SQL over u, ${column.type}>"`).join(', ');
  const finding = problem('failed', 'column_unmapped', fact, `add to "columns" in userdrift.config.json: ${snippet}`);
  const filled = target.triggers.some(
    (trigger) => trigger.enabled && trigger.insert && trigger.row && trigger.timing === 'before',
  );
  return [filled ? warning(finding.code, finding.fact, finding.fix) : forWriters(job, finding)];
}

const PRIVILEGE =
  /^(is_?)?(super_?)?(admin|owner|staff|moderator)$|roles?$|permissions?$|^(plan|tier|credits|balance)$/i;

function isPrivilegeFromMetadata(column: string, expression: string): boolean {
  return PRIVILEGE.test(column) && expression.includes('raw_user_meta_data');
}

function privilegeWarning(column: string): Finding {
  const fact = `columns.${column} takes a privilege from raw_user_meta_data, which users write themselves`;
  return warning('privilege_from_metadata', fact, 'take it from raw_app_meta_data, or leave it to a default');
}

function triggerFindings(target: Target): Finding[] {
  return target.triggers
    .filter((trigger) => trigger.enabled && trigger.insert)
    .map((trigger) => {
      const fact = `trigger ${trigger.name} runs ${trigger.function} ${trigger.timing} each insert`;
      return trigger.outward
        ? warning('trigger_outward', `${fact} and reaches outside the database`, null)
        : warning('trigger', fact, null);
    });
}
