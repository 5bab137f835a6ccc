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

/** The rows that the mapping makes of the users `ids` (SQL for uuid[]), read from the source as it is now. */
function selectSql(mapping: Mapping, ids: string): string {
  const values = [keyValue(mapping), ...mapping.columns.map(({ expression }) => whole(expression))];
  return `select ${values.join(',\n')}
from ${sourceOf(mapping)}
where u.id = any(${ids}) and ${eligible(mapping)}
order by u.id`;
}

/**
 * Inserts the users `ids` (SQL for uuid[]) and returns the keys of those it inserted.
 * Ordered, because unsorted overlapping batches deadlock; the conflict names the key, because without a target it would
 * hide a taken e-mail, and on another column it would hand one person's row to another.
 */
export function insertSql(mapping: Mapping, ids = IDS): string {
  const names = [mapping.key, ...mapping.columns.map(({ name }) => name)].map(ident);
  return `insert into ${targetOf(mapping)} (${names.join(', ')})
${selectSql(mapping, ids)}
on conflict (${ident(mapping.key)}) do nothing
returning ${ident(mapping.key)}::text as id`;
}

/** Brings the refresh columns of the users $1 (uuid[]) up to date and touches nothing else; a soft-deleted user's hash never lands. */
export function refreshSql(mapping: Mapping): string {
  const sets = mapping.refresh.map((column) => `${ident(column.name)} = ${refreshValue(column)}`);
  return `update ${targetOf(mapping)} p
set ${sets.join(',\n')}
from ${sourceOf(mapping)}
where u.id = any(${IDS}) and ${sameUser(mapping)} and ${eligible(mapping)} and ${staleTest(mapping)}
returning u.id::text as id`;
}

/** Where each of the ids `ids` (SQL for uuid[]) stands now: present, absent, excluded with the reason, or missing. */
export function standingSql(mapping: Mapping, ids = IDS): string {
  return `
select i.id::text as id, u.id is not null as known, ${exclusionOf(mapping)} as why,
  exists (select from ${targetOf(mapping)} p where p.${ident(mapping.key)} = i.id${mapping.keyType === 'text' ? '::text' : ''}) as present
from unnest(${ids}) as i(id) left join ${sourceOf(mapping)} on u.id = i.id`;
}
