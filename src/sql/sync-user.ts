import type { Mapping } from './mapping.ts';
import { literal } from './name.ts';
import type { Routine } from './routine.ts';
import { insertSql, standingSql } from './write.ts';

/** What a row raises whose key a trigger changed; no row of the call is kept. */
export const KEY_REWRITTEN = 'UDKEY';

/** Waits for a lock end before the time that the Data API gives a call (8 s). */
export const SYNC_SETTINGS = [`lock_timeout = '5s'`];

/** Begins the insert, so that the context of an error tells it from a statement of a trigger. */
export const INSERT = 'with written as (';

/** Inserts the users `ids` (SQL for uuid[]); deferred constraints and triggers have their say at once. */
export function insertNow(mapping: Mapping, ids: string): string {
  return `${INSERT}
${insertSql(mapping, ids)}
)
select coalesce(array_agg(written.id), '{}') into back from written;
set constraints all immediate;`;
}

/** Inserts one user; for callers who wait for the one answer. */
export function syncUser(mapping: Mapping, hash: string): Routine {
  return {
    name: 'sync_user_from_auth',
    parameters: 'user_id uuid',
    types: 'uuid',
    kind: 'language plpgsql volatile',
    settings: SYNC_SETTINGS,
    comment: `userdrift: inserts one user of auth.users (mapping ${hash})`,
    body: `#variable_conflict use_column
declare
  back pg_catalog.text[];
  code pg_catalog.text;
  standing record;
begin
  begin
    ${insertNow(mapping, 'array[sync_user_from_auth.user_id]')}
  exception when others then
    back := '{}';
    get stacked diagnostics code = returned_sqlstate;
  end;
  if back = array[sync_user_from_auth.user_id::text] then
    return jsonb_build_object('status', 'inserted', 'mapping', ${literal(hash)});
  elsif cardinality(back) > 0 then
    raise exception 'user %: a trigger changed the key of the row', sync_user_from_auth.user_id using errcode = '${KEY_REWRITTEN}';
  end if;
  -- Somebody else may have been faster, also where the insert failed: 23505 is what both of two may get.
  select s.* into standing from (${standingSql(mapping, 'array[sync_user_from_auth.user_id]')}) s;
  if standing.present then
    return jsonb_build_object('status', 'already_present', 'mapping', ${literal(hash)});
  elsif standing.known is not true then
    return jsonb_build_object('status', 'not_found', 'mapping', ${literal(hash)});
  elsif standing.why is not null then
    return jsonb_build_object('status', 'excluded', 'why', standing.why, 'mapping', ${literal(hash)});
  elsif code is not null then
    -- The message of the first error quotes the row.
    raise exception 'user % could not be inserted (%)', sync_user_from_auth.user_id, code using errcode = code;
  end if;
  raise exception 'user %: no error, but no row: a trigger kept it out', sync_user_from_auth.user_id;
end;`,
  };
}
