import { eligible, type Mapping, sourceOf, withoutRow } from './mapping.ts';
import { literal, qualified } from './name.ts';

/** The oldest transaction that may still be at work, as SQL: whatever older ones wrote can be seen. */
export const HORIZON = 'pg_snapshot_xmin(pg_current_snapshot())::xid::text';

/**
 * How the source lies on disk: `blocks`, its length; `file`, another one when all rows are put elsewhere at once; and since
 * when the server is `up`. No row where a place says nothing (a view, a table with partitions or heirs, another storage),
 * where this role may not read the columns of the system, where the server cannot scan a range of places (before 14), or
 * where nothing would tell that what was written is safe.
 */
export function heapSql(mapping: Mapping): string {
  return `
select pg_relation_size(c.oid) / current_setting('block_size')::int as blocks, ${fileOf(mapping)}::text as file, ${UP} as up
from pg_class c join pg_am a on a.oid = c.relam
where c.oid = ${literal(qualified(mapping.source))}::regclass and c.relkind = 'r' and not c.relhassubclass and a.amname = 'heap'
  and has_table_privilege(c.oid, 'select') and current_setting('server_version_num')::int >= 140000
  and exists (
    select from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname = 'pg_logical_emit_message'
      and proargtypes[2] = 'text'::regtype and has_function_privilege(oid, 'execute'))`;
}

function fileOf(mapping: Mapping): string {
  return `pg_relation_filenode(${literal(qualified(mapping.source))})`;
}

/** The process that starts all others outlives the recovery after one of them was killed; the statistics begin anew with it. */
const UP = `concat(pg_postmaster_start_time(), ' ', pg_stat_get_bgwriter_stat_reset_time())`;

/**
 * Waits until all that was committed before is as safe as the server makes a commit: one that writes something, be it an
 * empty message that nobody reads, waits for all that the log holds before it. Returns since when the server is `up`.
 */
export const SAFE_SQL = `select ${UP} as up, pg_logical_emit_message(true, 'userdrift', '')`;

/**
 * The first $1 users without a row between the places $4 and $5, as they lie in the heap, `size` that are due a row: their
 * ids, ascending, and their `places` in the same order, as texts of arrays; how many were `seen`, and the `last` place of these.
 * Only rows that are older than the horizon $6, and from the file $7: each user has one of these at most, and it stays where
 * it is until it is no more, so that nobody comes twice. Whether somebody is expected is asked about users without a row only.
 * An `empty` target has nobody, and is not asked: a look-up in an index that grows costs more than all the rest.
 */
export function missingInHeapSql(mapping: Mapping, size: number, empty: boolean): string {
  const without = empty ? '' : ` and ${withoutRow(mapping)}`;
  return `
select '{' || string_agg(id::text, ',' order by id) filter (where due) || '}' as ids,
  '{"' || string_agg(place::text, '","' order by id) filter (where due) || '"}' as places,
  count(*)::int as seen, max(place)::text as last
from (
  select id, place, due, (count(*) filter (where due) over (rows unbounded preceding) - 1) / ${size} as chunk
  from (
    select u.id, u.ctid as place,
      (u.created_at > $2::timestamptz and u.created_at <= $3::timestamptz) is not true and ${eligible(mapping)} as due
    from ${sourceOf(mapping)}
    where u.ctid > $4::tid and u.ctid < $5::tid and age(u.xmin) > age($6::xid)
      and ${fileOf(mapping)} = $7::oid${without}
    limit $1
  ) found
) numbered
group by chunk order by chunk`;
}
