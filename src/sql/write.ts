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

/**
 * Inserts the rows that the mapping makes of `from`: SQL from the word on, which names a source row `u` and says which
 * ones. The conflict names the key, because without a target it would hide a taken e-mail, and on another column it would
 * hand one person's row to another.
 */
export function insertFrom(mapping: Mapping, from: string): string {
  const names = [mapping.key, ...mapping.columns.map(({ name }) => name)].map(ident);
  const values = [keyValue(mapping), ...mapping.columns.map(({ expression }) => whole(expression))];
  return `insert into ${targetOf(mapping)} (${names.join(', ')})
select ${values.join(',\n')}
${from}
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
export function refreshSql(mapping: Mapping): string {
  return `${refreshFrom(mapping, sourceOf(mapping))} and u.id = any(${IDS})
returning u.id::text as id`;
}

/**
 * A statement that returns ids, which come back in one row: `ids`, joined by commas in the order of their return, null where
 * there is none. A thousand rows cost the client more than all else that it does for a batch. An id that is NULL comes back
 * empty: a trigger made it so, and whoever sent it must hear of that.
 */
export function inOneRow(statement: string): string {
  return `with written (id) as (
${statement}
)
select string_agg(coalesce(id, ''), ',') as ids from written`;
}

/** Where each of the ids `ids` (SQL for uuid[]) stands now: present, absent, excluded with the reason, or missing. */
export function standingSql(mapping: Mapping, ids = IDS): string {
  return `
select i.id::text as id, u.id is not null as known, ${exclusionOf(mapping)} as why,
  exists (select from ${targetOf(mapping)} p where p.${ident(mapping.key)} = i.id${mapping.keyType === 'text' ? '::text' : ''}) as present
from unnest(${ids}) as i(id) left join ${sourceOf(mapping)} on u.id = i.id`;
}
