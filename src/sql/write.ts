import {
  eligible,
  exclusionOf,
  keyValue,
  type Mapping,
  refreshValue,
  sameUser,
  sourceOf,
  staleTest,
  targetOf,
  whole,
} from './mapping.ts';
import { ident } from './name.ts';

/** The users that a statement is about. */
const IDS = '$1::uuid[]';

/** Inserts the rows that the mapping makes of `from`: SQL from the word on, which names a source row `u` and says which ones. */
function insertRowsFrom(mapping: Mapping, from: string): string {
  const names = [mapping.key, ...mapping.columns.map(({ name }) => name)].map(ident);
  const values = [keyValue(mapping), ...mapping.columns.map(({ expression }) => whole(expression))];
  return `insert into ${targetOf(mapping)} (${names.join(', ')})
select ${values.join(',\n')}
${from}`;
}

/**
 * The same, and leaves out who is there already. The conflict names the key, because without a target it would hide a taken
 * e-mail, and on another column it would hand one person's row to another.
 */
export function insertFrom(mapping: Mapping, from: string): string {
  return `${insertRowsFrom(mapping, from)}
on conflict (${ident(mapping.key)}) do nothing`;
}

/**
 * Inserts the users `ids` (SQL for uuid[]), read from the source as it is now, and returns the keys of those it inserted.
 * Ordered, because unsorted overlapping batches deadlock.
 */
export function insertSql(mapping: Mapping, ids = IDS): string {
  const from = `from ${sourceOf(mapping)}
where u.id = any(${ids}) and ${eligible(mapping)}
order by u.id`;
  return `${insertFrom(mapping, from)}
returning ${ident(mapping.key)}::text as id`;
}

/** Brings the refresh columns up to date from `source`, SQL that names rows `u`, and touches nothing else; a soft-deleted user's hash never lands. */
export function refreshFrom(mapping: Mapping, source: string): string {
  const sets = mapping.refresh.map((column) => `${ident(column.name)} = ${refreshValue(column)}`);
  return `update ${targetOf(mapping)} p
set ${sets.join(',\n')}
from ${source}
where ${sameUser(mapping)} and ${eligible(mapping)} and ${staleTest(mapping)}`;
}

/** The same for the users $1 (uuid[]), whose ids come back where something changed. */
function refreshSql(mapping: Mapping): string {
  return `${refreshFrom(mapping, sourceOf(mapping))} and u.id = any(${IDS})
returning u.id::text as id`;
}

/** `insertSql` with its answer in one row. */
export function insertAtOnceSql(mapping: Mapping): string {
  return inOneRow(insertSql(mapping));
}

/**
 * As `insertAtOnceSql`, for users whose places in the heap are known: $2, the text of a tid[], in the order of the ids, which
 * come as text as well: in this one place it is read once, whatever the plan. Whose row is elsewhere by now is not inserted,
 * and somebody who has a row fails all of them: a conflict that is looked for before each row costs a twentieth. The commit
 * does not wait for the disk. The names of the list are such that an expression which says `id` still means that of the source.
 * Only behind the join is anybody compared, so that no plan asks the filter of the mapping about users of other batches.
 */
export function insertPlacedSql(mapping: Mapping): string {
  const from = `from unnest($1::text::uuid[], $2::text::tid[]) as placed (placed_id, placed_at)
join ${sourceOf(mapping)} on u.ctid = placed.placed_at
where case when u.id = placed.placed_id then ${eligible(mapping)} end
order by u.id`;
  const insert = `${insertRowsFrom(mapping, from)}
returning ${ident(mapping.key)}::text as id`;
  return inOneRow(insert, ", set_config('synchronous_commit', 'off', true)");
}

/** `refreshSql` with its answer in one row. */
export function refreshAtOnceSql(mapping: Mapping): string {
  return inOneRow(refreshSql(mapping));
}

/**
 * The ids that a statement returns, in one row, as the text of an array in the order of their return; null where those are
 * $1. A thousand rows cost the client more than all else that it does for a batch, and a thousand ids in one row still cost it
 * a third. An id that is NULL is there as such: a trigger made it so, and whoever sent it must hear of that.
 */
function inOneRow(statement: string, more = ''): string {
  return `with written (id) as (
${statement}
)
select nullif('{' || coalesce(string_agg(coalesce(id, 'NULL'), ','), '') || '}', $1::text) as ids${more} from written`;
}

/** Where each of the ids `ids` (SQL for uuid[]) stands now: present, absent, excluded with the reason, or missing. */
export function standingSql(mapping: Mapping, ids = IDS): string {
  return `
select i.id::text as id, u.id is not null as known, ${exclusionOf(mapping)} as why,
  exists (select from ${targetOf(mapping)} p where p.${ident(mapping.key)} = i.id${mapping.keyType === 'text' ? '::text' : ''}) as present
from unnest(${ids}) as i(id) left join ${sourceOf(mapping)} on u.id = i.id`;
}
