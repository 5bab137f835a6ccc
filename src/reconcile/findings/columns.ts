import type { Column, Facts, Finding } from '../../facts.ts';
import { display } from '../../sql/name.ts';
import { fine, forWriters, problem, type Question, warning } from './finding.ts';

type Target = NonNullable<Facts['target']>;

/** Does the mapping fit the columns of the target, and where does the value of each come from? */
export function columnFindings(target: Target, question: Question): Finding[] {
  const { columns = {}, repair, refresh, key } = question.config;
  if (repair === 'insert' && !question.config.columns) return [];
  const name = display(question.config.target);
  const byName = new Map(target.columns.map((column) => [column.name, column]));
  // A function writes its own values; ours are those that are kept equal after it.
  const given = repair === 'insert' ? Object.keys(columns) : refresh;
  const mapped = given.filter((column) => column !== key);
  return [
    ...mapped.flatMap((column) => mappedFinding(name, column, byName.get(column), question)),
    ...mapped.flatMap((column) => placeholderFinding(column, columns[column] ?? '', question)),
    ...(repair === 'insert' ? unmappedFinding(target, new Set([...mapped, key]), question) : []),
    ...(repair === 'insert' ? sequenceFinding(target, question) : []),
    ...mapped.filter((column) => isPrivilegeFromMetadata(column, columns[column] ?? '')).map(privilegeWarning),
    ...target.columns.map((column) => planOf(column, question)),
  ];
}

function mappedFinding(table: string, name: string, column: Column | undefined, question: Question): Finding[] {
  if (!column) {
    const fact = `columns.${name}: ${table} has no column of that name`;
    const fix = 'names are exact and case-sensitive, without quotes';
    return [forWriters(question, problem('columns', 'failed', 'column_unknown', fact, fix))];
  }
  if (!column.generated && !column.identity) return [];
  const fact = `columns.${name}: ${table} computes this column itself (${column.generated ? 'generated' : 'identity'})`;
  return [forWriters(question, problem('columns', 'failed', 'column_generated', fact, 'remove it from columns'))];
}

/** Stops a writer before the first row, unless a BEFORE INSERT row trigger may fill the column in. */
function unmappedFinding(target: Target, given: ReadonlySet<string>, question: Question): Finding[] {
  const open = target.columns.filter((column) => needsValue(column) && !given.has(column.name));
  if (open.length === 0) return [];
  const names = open.map((column) => column.name);
  const fact = `${display(question.config.target)} needs a value for ${names.join(', ')}, which nothing maps`;
  const fix = snippet(open, question);
  const finding = problem('columns', 'failed', 'column_unmapped', fact, fix);
  return [mayBeFilled(target) ? warning('columns', finding.code, fact, fix) : forWriters(question, finding)];
}

/** May a BEFORE INSERT row trigger fill in what nobody maps? */
export function mayBeFilled({ triggers }: Pick<Target, 'triggers'>): boolean {
  return triggers.some((trigger) => trigger.enabled && trigger.insert && trigger.row && trigger.timing === 'before');
}

function sequenceFinding({ closedSequences }: Target, question: Question): Finding[] {
  if (closedSequences.length === 0) return [];
  const names = closedSequences.join(', ');
  const fact = `${display(question.config.target)} draws defaults from ${names}, which this role may not use`;
  const fix = `grant usage on sequence ${names} to this role, or connect as postgres`;
  return [forWriters(question, problem('columns', 'inconclusive', 'sequence_denied', fact, fix))];
}

/** The snippet of ours, pasted as it was. */
function placeholderFinding(name: string, expression: string, question: Question): Finding[] {
  if (!expression.startsWith('<SQL over u')) return [];
  const fact = `columns.${name} still holds the placeholder`;
  const fix = `write SQL over the source row u in its place, or a fixed value such as ${JSON.stringify("'member'")}`;
  return [forWriters(question, problem('columns', 'failed', 'column_placeholder', fact, fix))];
}

/** What to write so that the columns get a value. Given columns are the whole mapping, so what is inferred is written out with them. */
function snippet(open: readonly Column[], { config, inferred }: Question): string {
  const added = Object.fromEntries(open.map((column) => [column.name, suggestionFor(column)]));
  if (!inferred) {
    const lines = Object.entries(added).map(([name, sql]) => `${JSON.stringify(name)}: ${JSON.stringify(sql)}`);
    return `add to "columns" in userdrift.config.json: ${lines.join(', ')}`;
  }
  return `write to userdrift.config.json: ${JSON.stringify({ columns: { ...config.columns, ...added } })}`;
}

const SUGGESTIONS = new Map([
  ['timestamp with time zone', 'now()'],
  ['timestamp without time zone', "now() at time zone 'UTC'"],
  ['boolean', 'false'],
  ['jsonb', "'{}'"],
  ['json', "'{}'"],
]);

/** What could go into an open column. Privileges are for the person to think about. */
export function suggestionFor({ name, base, type }: Column): string {
  return (isPrivilege(name) ? undefined : SUGGESTIONS.get(base)) ?? `<SQL over u, ${type}>`;
}

/** Does a row need a value there that the table does not make itself? */
export function needsValue(column: Column): boolean {
  return column.notNull && !column.hasDefault && !column.identity && !column.generated;
}

const PRIVILEGE =
  /^(is_?)?((super_?)?(admin|owner|staff|moderator)|super_?user|premium)$|roles?$|permissions?$|^(subscription_?)?(plan|tier)(_?id)?$|^(credits|balance|access_?level)$/i;

/** Would users give themselves the privilege? */
export function isPrivilegeFromMetadata(column: string, expression: string): boolean {
  return isPrivilege(column) && /raw_user_meta_data/i.test(expression);
}

/** Does the name of a column say that it carries a privilege? */
export function isPrivilege(column: string): boolean {
  return PRIVILEGE.test(column);
}

/** The warning for a mapping in which they would. */
export function privilegeWarning(column: string): Finding {
  const fact = `columns.${column} takes a privilege from raw_user_meta_data, which users write themselves`;
  const fix = 'take it from raw_app_meta_data, or leave it to a default';
  return warning('columns', 'privilege_from_metadata', fact, fix);
}

/** Where the value of a column comes from when a row is inserted. */
function planOf(column: Column, { config, inferred }: Question): Finding {
  const mapped = config.columns && Object.hasOwn(config.columns, column.name) && config.columns[column.name];
  const kept = mapped ? refreshed(column, config.refresh) : '';
  const plan = () => {
    if (config.repair !== 'insert') {
      return `written by ${display(config.repair.function)}${kept && `${kept} to ${mapped}`}`;
    }
    if (column.name === config.key) return 'the key, from u.id';
    if (mapped) return `${inferred ? 'inferred: ' : ''}${mapped}${kept}`;
    return leftTo(column);
  };
  return fine('columns', 'column', `${column.name} (${column.type}): ${plan()}`);
}

/** Where the value of a column comes from that nothing maps. */
export function leftTo(column: Column): string {
  if (column.generated || column.identity) return 'computed by the database';
  if (column.hasDefault) return column.default === null ? 'its default' : `its default, ${column.default}`;
  return column.notNull ? 'nothing gives it a value' : 'left NULL';
}

function refreshed({ name }: Column, refresh: readonly string[]): string {
  return refresh.includes(name) ? ', kept equal' : '';
}
