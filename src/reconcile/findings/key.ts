import type { Facts, Finding, Index } from '../../facts.ts';
import { display, ident } from '../../sql/name.ts';
import { fine, forWriters, problem, type Question } from './finding.ts';

type Target = NonNullable<Facts['target']>;

/** Can the key hold an auth id, and does an index keep a user from being inserted twice? */
export function keyFindings({ key }: Facts, target: Target, question: Question): Finding[] {
  if (!target.sight.seen) return [];
  const name = display(question.config.target);
  const column = question.config.key;
  if (!key || key.type === 'other' || isTooShort(key.sqlType)) {
    const fact = `key ${column} of ${name} is ${key?.sqlType ?? 'unknown'}, which cannot hold an auth id`;
    const fix = 'name the uuid or text column that holds it with --key';
    return [problem('key', 'failed', 'key_type', fact, fix)];
  }
  const found: Finding[] = [];
  if (key.oddRows) {
    const fact = `key ${column} of ${name} holds uuids in another spelling than lower case with hyphens`;
    const text = `btrim(${ident(column)}::text)`;
    const odd = `translate(lower(${text}), '{}-', '') ~ '^[0-9a-f]{32}$'`;
    const fix = `update ${name} set ${ident(column)} = ${text}::uuid::text where ${odd}`;
    found.push(problem('key', 'refused', 'key_not_canonical', fact, fix));
  }
  if (question.config.repair !== 'insert') return [...found, keyOfFunction(target, key.sqlType, question)];
  const shape = shapeProblem(target, question) ?? uniqueProblem(target, question);
  if (shape) return [...found, forWriters(question, shape)];
  return [
    ...found,
    fine('key', 'key', `key ${column} (${key.sqlType}) is unique by ${arbiter(target, column)}${referring(target)}`),
  ];
}

/** A uuid as text has 36 letters. */
function isTooShort(sqlType: string): boolean {
  const [, length] = /^character(?: varying)?\((\d+)\)$/.exec(sqlType) ?? [];
  return length !== undefined && Number(length) < 36;
}

function referring({ fkToSource, sourceForeignKeys: [first] }: Target): string {
  if (fkToSource) return ' and references the source, so there are no orphans';
  return first === undefined
    ? '; no foreign key leads to the source, so orphans are counted'
    : `; ${first} is not validated, so orphans are counted`;
}

/** A function is called only for users without a row: nothing of ours needs a unique key, or a table to insert into. */
function keyOfFunction(target: Target, sqlType: string, question: Question): Finding {
  const { config } = question;
  if (target.kind === 'materialized view') {
    const fact = `${display(config.target)} is a materialized view, which shows no new row until it is refreshed`;
    const fix = 'name the table behind it with --target';
    return forWriters(question, problem('target', 'refused', 'target_not_a_table', fact, fix));
  }
  const index = arbiter(target, config.key);
  const unique = index === undefined ? 'and need not be unique: the function is called once' : `is unique by ${index}`;
  return fine('key', 'key', `key ${config.key} (${sqlType}) ${unique}${referring(target)}`);
}

/** What stands in for a table takes inserts in its own way, and a lost user would not be seen. */
function shapeProblem(target: Target, { config }: Question): Finding | null {
  const name = display(config.target);
  if (target.kind !== 'table' && target.kind !== 'partitioned') {
    const fact = `${name} is a ${target.kind}, not a table`;
    return problem('target', 'refused', 'target_not_a_table', fact, 'name the table behind it with --target');
  }
  const [rule] = target.rules;
  if (rule === undefined) return null;
  const fact = `${name} has an ${rule.event} rule (${rule.name}), beside which on conflict is not possible`;
  return problem('target', 'refused', 'insert_rule', fact, 'replace the rule by a trigger');
}

function uniqueProblem(target: Target, { config }: Question): Finding | null {
  const name = display(config.target);
  const { key } = config;
  // PostgreSQL takes every unique index on the key for its arbiter, and refuses if one of them is deferrable.
  const deferrable = covering(target, key).find((index) => !index.immediate);
  if (deferrable) {
    const fact = `key ${key} of ${name} is unique by ${deferrable.name}, which is deferrable: on conflict cannot use it`;
    const drop = `alter table ${name} drop constraint ${ident(deferrable.name)}`;
    const kind = deferrable.primary ? 'primary key' : 'unique';
    const fix = arbiter(target, key) === undefined ? `${drop}, add ${kind} (${ident(key)})` : drop;
    return problem('key', 'refused', 'key_deferrable', fact, fix);
  }
  if (arbiter(target, key) !== undefined) return null;
  const index = indexFor(target, config);
  const broken = covering(target, key).find(({ valid }) => !valid);
  if (broken) {
    const fact = `key ${key} of ${name} is not unique yet: index ${broken.name} is invalid, likely because of duplicates`;
    const look = `select ${ident(key)}, count(*) from ${name} group by 1 having count(*) > 1`;
    const drop = `drop index ${display({ schema: config.target.schema, name: broken.name })}`;
    return problem(
      'key',
      'refused',
      'key_not_unique',
      fact,
      `remove the duplicates (${look}), then: ${drop}; ${index}`,
    );
  }
  return problem('key', 'refused', 'key_not_unique', `key ${key} of ${name} has no unique index`, index);
}

function indexFor({ partitionKey }: Target, { target, key }: Question['config']): string {
  const others = partitionKey.filter((column) => column !== key);
  if (others.length > 0) {
    return `it is partitioned by ${others.join(', ')}, so none on ${key} alone is possible: name a function that writes a user in "repair"`;
  }
  const how = partitionKey.length > 0 ? '' : ' concurrently';
  return `create unique index${how} on ${display(target)} (${ident(key)})`;
}

function covering(target: Target, key: string): Index[] {
  return target.indexes.filter((index) => index.unique && index.columns.join('\0') === key);
}

/** The index that `on conflict (key)` can use. */
function arbiter(target: Target, key: string): string | undefined {
  return covering(target, key).find((index) => index.immediate && index.valid && !index.partial)?.name;
}
