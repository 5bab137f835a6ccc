import { eligible, type Mapping, sourceOf, targetOf, withoutRow } from './mapping.ts';
import { literal, type Name, qualified } from './name.ts';

/**
 * Calls the repair function for the user `id` (SQL: `$1` or a literal) if that user is expected and has no row. A row
 * comes back exactly when the function was called, whatever it returns: void, a row, or a set of none. Its value is
 * counted where it arises and stays there, because it may be anybody's personal data; being volatile, the call can be
 * neither skipped nor moved before the conditions.
 */
export function callSql(mapping: Mapping, repair: Name, id: string): string {
  return `select u.id::text as id, (
  select count(void) from (select (${qualified(repair)}(u.id)) is null) as called (void)
) as calls
from ${sourceOf(mapping)}
where u.id = ${id} and ${eligible(mapping)}
  and ${withoutRow(mapping)}
limit 1`;
}

/** Waits for every other call for this user to end, and keeps others from one until this transaction ends. */
export function turnSql(mapping: Mapping, id: string): string {
  const key = literal(`userdrift call ${targetOf(mapping)} ${id}`);
  return `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${key}, 0))`;
}
