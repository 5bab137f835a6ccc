-- userdrift sql functions: userdrift 0.1.0, mapping 04fa7c8c2ed83de5
--
-- The functions through which the job works over HTTP (userdrift check --transport http), and through which the Edge
-- Function sync-user inserts the one user that it is told of: sync_user_from_auth, sync_users_from_auth,
-- userdrift_missing, userdrift_measure.
-- Of the roles of the API only service_role may call them.
--
-- Applied again, it changes nothing. After a change of the mapping, print and apply it again: the job refuses functions
-- that were made from another one. To take it away: userdrift sql uninstall

begin;
set local lock_timeout = '5s';

create or replace function public.sync_user_from_auth(user_id uuid)
returns jsonb
language plpgsql volatile
security definer
set search_path = ''
set row_security = off
set lock_timeout = '5s'
as $userdrift$
#variable_conflict use_column
declare
  back pg_catalog.text[];
  code pg_catalog.text;
  standing record;
begin
  begin
    with written as (
insert into "public"."users" ("id", "email", "full_name", "created_at")
select u.id,
(
u.email
),
(
coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name', split_part(u.email, '@', 1))
),
(
coalesce(u.created_at, now())
)
from "auth"."users" u
where u.id = any(array[sync_user_from_auth.user_id]) and u.deleted_at is null and u.is_anonymous is not true
order by u.id
on conflict ("id") do nothing
returning "id"::pg_catalog.text as id
)
select coalesce(array_agg(written.id), '{}') into back from written;
set constraints all immediate;
  exception when others then
    back := '{}';
    get stacked diagnostics code = returned_sqlstate;
  end;
  if back = array[sync_user_from_auth.user_id::pg_catalog.text] then
    return jsonb_build_object('status', 'inserted', 'mapping', '04fa7c8c2ed83de5');
  elsif cardinality(back) > 0 then
    raise exception 'user %: a trigger changed the key of the row', sync_user_from_auth.user_id using errcode = 'UDKEY';
  end if;
  -- Somebody else may have been faster, also where the insert failed: 23505 is what both of two may get.
  select s.* into standing from (
select i.id::pg_catalog.text as id, u.id is not null as known, case when u.deleted_at is not null then 'deleted' when u.is_anonymous is true then 'anonymous' end as why,
  exists (select from "public"."users" p where p."id" = i.id) as present
from unnest(array[sync_user_from_auth.user_id]) as i(id) left join "auth"."users" u on u.id = i.id) s;
  if standing.present then
    return jsonb_build_object('status', 'already_present', 'mapping', '04fa7c8c2ed83de5');
  elsif standing.known is not true then
    return jsonb_build_object('status', 'not_found', 'mapping', '04fa7c8c2ed83de5');
  elsif standing.why is not null then
    return jsonb_build_object('status', 'excluded', 'why', standing.why, 'mapping', '04fa7c8c2ed83de5');
  elsif code is not null then
    -- The message of the first error quotes the row.
    raise exception 'user % could not be inserted (%)', sync_user_from_auth.user_id, code using errcode = code;
  end if;
  raise exception 'user %: no error, but no row: a trigger kept it out', sync_user_from_auth.user_id;
end;
$userdrift$;
alter function public.sync_user_from_auth(uuid) owner to postgres;
revoke execute on function public.sync_user_from_auth(uuid) from public, anon, authenticated;
grant execute on function public.sync_user_from_auth(uuid) to service_role;
comment on function public.sync_user_from_auth(uuid) is 'userdrift: inserts one user of auth.users (mapping 04fa7c8c2ed83de5)';

create or replace function public.sync_users_from_auth(user_ids uuid[])
returns jsonb
language plpgsql volatile
security definer
set search_path = ''
set row_security = off
set lock_timeout = '5s'
as $userdrift$
#variable_conflict use_column
<<userdrift>>
declare
  -- What follows from an error, by SQLSTATE or by its class; any other is about a row.
  actions constant pg_catalog.jsonb := '{"24":"stop","25":"stop","26":"stop","28":"stop","34":"stop","40":"retry","42":"stop","53":"stop","54":"halve","55":"stop","57":"reconnect","58":"stop","72":"retry","40002":"row","40003":"reconnect","53300":"reconnect","57014":"halve","08":"reconnect","0A":"stop","0L":"stop","0P":"stop","25P03":"reconnect","25P04":"reconnect","2B":"stop","2D":"stop","3D":"stop","3F":"stop","55P03":"retry","F0":"stop","XX":"stop"}';
  ids pg_catalog.uuid[] := array(
    select distinct given.id from unnest(sync_users_from_auth.user_ids) as given(id) where given.id is not null order by given.id);
  -- Groups of ids that are still to be written, as places in the array; the last one is next.
  starts int[] := '{}';
  ends int[] := '{}';
  low int;
  high int;
  back pg_catalog.text[];
  inserted pg_catalog.text[] := '{}';
  faults pg_catalog.jsonb := '{}';
  settled int := 0;
  failed int := 0;
  code pg_catalog.text;
  named pg_catalog.text;
  col pg_catalog.text;
  tab pg_catalog.text;
  sch pg_catalog.text;
  context pg_catalog.text;
  raised boolean;
begin
  if cardinality(ids) > 0 then
    starts := array[1];
    ends := array[cardinality(ids)];
  end if;
  for round in 1..2 loop
    while cardinality(starts) > 0 loop
      low := starts[cardinality(starts)];
      high := ends[cardinality(ends)];
      starts := trim_array(starts, 1);
      ends := trim_array(ends, 1);
      if low < high and failed >= 5 and failed * 8 > settled then
        starts := starts || (low + 1);
        ends := ends || high;
        high := low;
      end if;
      back := '{}';
      begin
        with written as (
insert into "public"."users" ("id", "email", "full_name", "created_at")
select u.id,
(
u.email
),
(
coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name', split_part(u.email, '@', 1))
),
(
coalesce(u.created_at, now())
)
from "auth"."users" u
where u.id = any(userdrift.ids[userdrift.low:userdrift.high]) and u.deleted_at is null and u.is_anonymous is not true
order by u.id
on conflict ("id") do nothing
returning "id"::pg_catalog.text as id
)
select coalesce(array_agg(written.id), '{}') into back from written;
set constraints all immediate;
        settled := settled + high - low + 1;
      exception when others then
        back := '{}';
        get stacked diagnostics code = returned_sqlstate, named = constraint_name, col = column_name,
          tab = table_name, sch = schema_name, context = pg_exception_context;
        raised := split_part(context, e'\n', 1) ~ 'RAISE$|^PL/(Perl|Python|Tcl|v8)';
        if not (case
          when raised and code <> all (array['40001', '40P01', '55P03', '57014']) then true
          when context !~ '^[^\n]*(with written as \(|set constraints| public[.]sync_users_from_auth[(]uuid)' and code ~ '^(0A|26|34|3F|42(?!501))' then true
          when code = 'XX000' then true
          else coalesce(actions ->> code, actions ->> left(code, 2), 'row') in ('row', 'halve')
        end) then
          raise;
        elsif low < high then
          starts := starts || ((low + high) / 2 + 1) || low;
          ends := ends || high || ((low + high) / 2);
        else
          settled := settled + 1;
          failed := failed + 1;
          faults := faults || jsonb_build_object(ids[low], jsonb_build_object('code', code, 'constraint', (
            select named where not raised and (
              exists (select from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
                where c.conname = named and n.nspname !~ '^pg_temp')
              or exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relname = named and c.relkind in ('i', 'I') and n.nspname !~ '^pg_temp'))), 'column', (
            select col where not raised and exists (
              select from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname = sch and c.relname = tab and a.attname = col and n.nspname !~ '^pg_temp'))));
        end if;
      end;
      if not back <@ ids[low:high]::pg_catalog.text[] then
        raise exception 'a trigger on the target changed the key of a row' using errcode = 'UDKEY';
      end if;
      inserted := inserted || back;
    end loop;
    exit when cardinality(inserted) = cardinality(ids);
    -- Who got neither a row nor an error is sent once more, alone.
    select coalesce(array_agg(place order by place desc), '{}') into starts from (
      select array_position(ids, s.id::pg_catalog.uuid) as place
      from (
select i.id::pg_catalog.text as id, u.id is not null as known, case when u.deleted_at is not null then 'deleted' when u.is_anonymous is true then 'anonymous' end as why,
  exists (select from "public"."users" p where p."id" = i.id) as present
from unnest(userdrift.ids) as i(id) left join "auth"."users" u on u.id = i.id) s
      where round = 1 and s.known and s.why is null and not s.present and s.id <> all (inserted) and not faults ? s.id
    ) lost;
    ends := starts;
  end loop;
  return jsonb_build_object('mapping', '04fa7c8c2ed83de5', 'outcomes', (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'kind', case
        when s.id = any (inserted) then 'inserted'
        when s.present then 'alreadyPresent'
        when not s.known then 'vanished'
        when s.why is not null then 'excluded'
        when faults ? s.id then 'failed'
        else 'suppressed'
      end) || case
        when s.id = any (inserted) or s.present or not s.known or s.why is not null then '{}'
        else coalesce(faults -> s.id, '{}')
      end order by s.id), '[]')
    from (
select i.id::pg_catalog.text as id, u.id is not null as known, case when u.deleted_at is not null then 'deleted' when u.is_anonymous is true then 'anonymous' end as why,
  exists (select from "public"."users" p where p."id" = i.id) as present
from unnest(userdrift.ids) as i(id) left join "auth"."users" u on u.id = i.id) s
  ));
end;
$userdrift$;
alter function public.sync_users_from_auth(uuid[]) owner to postgres;
revoke execute on function public.sync_users_from_auth(uuid[]) from public, anon, authenticated;
grant execute on function public.sync_users_from_auth(uuid[]) to service_role;
comment on function public.sync_users_from_auth(uuid[]) is 'userdrift: inserts users of auth.users (mapping 04fa7c8c2ed83de5)';

create or replace function public.userdrift_missing(after uuid default null, page int default 1000, scope jsonb default '{}')
returns jsonb
language sql stable
security definer
set search_path = ''
set row_security = off
set statement_timeout = '55s'
as $userdrift$

with reach as materialized (
  select (select u.id::pg_catalog.text as id from "auth"."users" u where true and u.id >= (select coalesce(greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid), '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select (greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid))) and u.id <= (select coalesce((userdrift_missing.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)) order by u.id offset coalesce((userdrift_missing.scope ->> 'window')::bigint, 200000) limit 1)::pg_catalog.uuid as upto
),
found as materialized (
select m.id::pg_catalog.text as id, coalesce((
  select (u.created_at > coalesce((userdrift_missing.scope ->> 'cutoff')::pg_catalog.timestamptz, now() - coalesce((userdrift_missing.scope ->> 'graceMs')::pg_catalog.float8, 60000) * interval '1 millisecond') and u.created_at <= coalesce((userdrift_missing.scope ->> 'future')::pg_catalog.timestamptz, now() + interval '1 day')) is not true and (u.created_at >= (select coalesce((userdrift_missing.scope ->> 'since')::pg_catalog.timestamptz, '-infinity')) or u.created_at is null)
  from "auth"."users" u where u.id = m.id and u.deleted_at is null and u.is_anonymous is not true
), false) as due
from (
  select u.id from "auth"."users" u
  where not exists (select from "public"."users" p where p."id" = u.id and p."id" >= (select coalesce(greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid), '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and p."id" is distinct from (select (greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid))) and p."id" <= (select coalesce(coalesce((select reach.upto from reach), (userdrift_missing.scope ->> 'to')::pg_catalog.uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid))) and u.id >= (select coalesce(greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid), '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select (greatest(userdrift_missing.after, (userdrift_missing.scope ->> 'from')::pg_catalog.uuid))) and u.id <= (select coalesce(coalesce((select reach.upto from reach), (userdrift_missing.scope ->> 'to')::pg_catalog.uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid))
  order by u.id limit userdrift_missing.page
) m
order by m.id
)
select jsonb_build_object(
  'mapping', '04fa7c8c2ed83de5',
  'ids', coalesce((select jsonb_agg(found.id order by found.id::pg_catalog.uuid) from found where found.due), '[]'),
  'next', case when (select count(*) from found) >= userdrift_missing.page
    then (select found.id::pg_catalog.uuid from found order by 1 desc limit 1)
    else (select reach.upto from reach) end
)
$userdrift$;
alter function public.userdrift_missing(uuid, int, jsonb) owner to postgres;
revoke execute on function public.userdrift_missing(uuid, int, jsonb) from public, anon, authenticated;
grant execute on function public.userdrift_missing(uuid, int, jsonb) to service_role;
comment on function public.userdrift_missing(uuid, int, jsonb) is 'userdrift: ids of missing users, one window of the source at a time (mapping 04fa7c8c2ed83de5)';

create or replace function public.userdrift_measure(scope jsonb default '{}')
returns jsonb
language sql stable
security definer
set search_path = ''
set row_security = off
set statement_timeout = '55s'
set jit = off
as $userdrift$

select jsonb_build_object('mapping', '04fa7c8c2ed83de5', 'replica', pg_is_in_recovery()) || case
  when userdrift_measure.scope ? 'users' then (
    select jsonb_build_object('users', coalesce(jsonb_agg(to_jsonb(s) order by s.id), '[]'))
    from (
select i.id::pg_catalog.text as id, u.id is not null as known, case when u.deleted_at is not null then 'deleted' when u.is_anonymous is true then 'anonymous' end as why,
  exists (select from "public"."users" p where p."id" = i.id) as present
from unnest(array(select value::pg_catalog.uuid from jsonb_array_elements_text(userdrift_measure.scope -> 'users'))) as i(id) left join "auth"."users" u on u.id = i.id) s
  )
  when (userdrift_measure.scope ->> 'facts')::boolean then jsonb_build_object('facts', jsonb_build_object(
  'names', '{"source":{"schema":"auth","name":"users"},"target":{"schema":"public","name":"users"},"key":"id"}'::pg_catalog.jsonb,
  'server', jsonb_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'database', current_database(),
  'inRecovery', pg_is_in_recovery(),
  'readOnly', (select reset_val::boolean from pg_catalog.pg_settings where name = 'default_transaction_read_only')),
  'role', (select jsonb_build_object('name', rolname, 'superuser', rolsuper, 'bypassRls', rolbypassrls) from pg_catalog.pg_roles where rolname = current_user),
  'ours', jsonb_build_object(
  'history', (
    select jsonb_build_object('records', (has_schema_privilege('service_role', n.oid, 'usage') and has_function_privilege('service_role', f.oid, 'execute')), 'reads', coalesce((
        select (has_schema_privilege('service_role', n.oid, 'usage') and has_function_privilege('service_role', f.oid, 'execute')) from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace where n.nspname = 'public' and f.proname = 'userdrift_history'
      and pg_get_function_identity_arguments(f.oid) = 'max_runs integer, of_target text'
      and pg_get_function_result(f.oid) = 'jsonb'), false),
      'openTo', (
        select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]')
        from pg_catalog.pg_class c join pg_catalog.pg_namespace h on h.oid = c.relnamespace
        cross join pg_catalog.pg_roles r
        where h.nspname = 'userdrift' and c.relname = 'runs' and r.rolname in ('anon', 'authenticated', 'service_role')
          and has_schema_privilege(r.oid, h.oid, 'usage')
          and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')
            or has_any_column_privilege(r.oid, c.oid, 'select, insert, update'))))
    from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace where n.nspname = 'public' and f.proname = 'userdrift_record_run'
      and pg_get_function_identity_arguments(f.oid) = 'report jsonb'
      and pg_get_function_result(f.oid) = 'void'),
  'open', (
    select coalesce(jsonb_agg(jsonb_build_object('function', o.signature, 'roles', o.roles) order by o.signature), '[]')
    from (
      select format('%I.%I(%s)', n.nspname, f.proname, s.types) as signature,
        (select jsonb_agg(r.rolname order by r.rolname) from pg_catalog.pg_roles r
          where r.rolname in ('anon', 'authenticated') and (has_schema_privilege(r.oid, n.oid, 'usage') and has_function_privilege(r.oid, f.oid, 'execute'))) as roles
      from jsonb_to_recordset('[{"name":"sync_user_from_auth","types":"user_id uuid"},{"name":"sync_users_from_auth","types":"user_ids uuid[]"},{"name":"userdrift_missing","types":"after uuid, page integer, scope jsonb"},{"name":"userdrift_measure","types":"scope jsonb"},{"name":"userdrift_record_run","types":"report jsonb"},{"name":"userdrift_history","types":"max_runs integer, of_target text"}]'::pg_catalog.jsonb) as s(name pg_catalog.text, types pg_catalog.text)
      join (pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace) on n.nspname = 'public' and f.proname = s.name and pg_get_function_identity_arguments(f.oid) = s.types
        and case when f.prokind = 'f' then strpos(pg_get_functiondef(f.oid) || coalesce(obj_description(f.oid, 'pg_proc'), ''), 'userdrift') > 0 end) o
    where o.roles is not null)),
  'source', (
select jsonb_build_object(
  'kind', c.relkind,
  'rls', case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'on' else 'off' end,
  'columns', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', format_type((with recursive base as (
    select t.oid, t.typbasetype union all select d.oid, d.typbasetype from base join pg_catalog.pg_type d on d.oid = base.typbasetype
  ) select oid from base where typbasetype = 0), null),
      'notNull', a.attnotnull or (t.typtype = 'd' and t.typnotnull),
      'hasDefault', (a.atthasdef and a.attgenerated = '') or t.typdefault is not null,
      'default', case when a.attgenerated = '' then coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) end,
      'identity', a.attidentity <> '', 'generated', a.attgenerated <> '') order by a.attnum)
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'triggers', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', g.tgname, 'function', f.oid::pg_catalog.regproc::pg_catalog.text,
      'timing', case when g.tgtype & 2 <> 0 then 'before' when g.tgtype & 64 <> 0 then 'instead' else 'after' end,
      'row', g.tgtype & 1 <> 0,
      'insert', g.tgtype & 4 <> 0,
      'update', g.tgtype & 16 <> 0,
      'enabled', g.tgenabled in ('O', 'A'),
      'outward', (fn.nspname in ('net', 'supabase_functions') or f.prosrc ~* '(net\.http_|http_request)'),
      'pathless', l.lanname in ('sql', 'plpgsql') and not exists (
        select from unnest(f.proconfig) setting where setting like 'search\_path=%')) order by g.tgname)
    from pg_catalog.pg_trigger g join pg_catalog.pg_proc f on f.oid = g.tgfoid
    join pg_catalog.pg_language l on l.oid = f.prolang join pg_catalog.pg_namespace fn on fn.oid = f.pronamespace
    where not g.tgisinternal and g.tgtype & 20 <> 0 and g.tgparentid = 0
      and (g.tgrelid = c.oid or g.tgrelid in (select relid from pg_partition_tree(c.oid)))), '[]'),
  'indexes', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', ic.relname, 'primary', i.indisprimary, 'unique', i.indisunique, 'immediate', i.indimmediate,
      'valid', i.indisvalid and i.indisready, 'partial', i.indpred is not null,
      'columns', case when i.indexprs is null then (
        select jsonb_agg(a.attname order by k.place)
        from unnest(i.indkey::pg_catalog.int2[]) with ordinality k(attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.place <= i.indnkeyatts) else '[]' end) order by ic.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid), '[]'),
  'rules', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', r.rulename, 'event', case r.ev_type when '3' then 'INSERT' else 'UPDATE' end) order by r.ev_type desc, r.rulename)
    from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type in ('2', '3')), '[]'),
  'closedSequences', coalesce((
    select jsonb_agg(distinct q.oid::pg_catalog.regclass::pg_catalog.text)
    from pg_catalog.pg_attrdef d join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and e.objid = d.oid and e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    join pg_catalog.pg_class q on q.oid = e.refobjid
    where d.adrelid = c.oid and case when q.relkind = 'S' then not has_sequence_privilege(q.oid, 'usage, update') end), '[]'),
  'partitionKey', coalesce((
    select jsonb_agg(coalesce(a.attname, 'an expression') order by k.place)
    from pg_catalog.pg_partitioned_table p cross join unnest(p.partattrs::pg_catalog.int2[]) with ordinality k(attnum, place)
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and k.attnum <> 0
    where p.partrelid = c.oid), '[]'),
  'checks', coalesce((
    select jsonb_agg(o.conname order by o.conname) from pg_catalog.pg_constraint o where o.conrelid = c.oid and o.contype = 'c'), '[]'),
  'foreignKeys', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', o.conname, 'validated', o.convalidated,
      'references', fn.nspname || '.' || fc.relname,
      'columns', (select jsonb_agg(a.attname) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any(o.conkey))) order by o.conname)
    from pg_catalog.pg_constraint o join pg_catalog.pg_class fc on fc.oid = o.confrelid join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
    where o.conrelid = c.oid and o.contype = 'f'), '[]')
) as catalog
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'auth' and c.relname = 'users' and c.relkind in ('r', 'p', 'v', 'm', 'f')),
  'target', (
select jsonb_build_object(
  'kind', c.relkind,
  'rls', case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'on' else 'off' end,
  'columns', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', format_type((with recursive base as (
    select t.oid, t.typbasetype union all select d.oid, d.typbasetype from base join pg_catalog.pg_type d on d.oid = base.typbasetype
  ) select oid from base where typbasetype = 0), null),
      'notNull', a.attnotnull or (t.typtype = 'd' and t.typnotnull),
      'hasDefault', (a.atthasdef and a.attgenerated = '') or t.typdefault is not null,
      'default', case when a.attgenerated = '' then coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) end,
      'identity', a.attidentity <> '', 'generated', a.attgenerated <> '') order by a.attnum)
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'triggers', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', g.tgname, 'function', f.oid::pg_catalog.regproc::pg_catalog.text,
      'timing', case when g.tgtype & 2 <> 0 then 'before' when g.tgtype & 64 <> 0 then 'instead' else 'after' end,
      'row', g.tgtype & 1 <> 0,
      'insert', g.tgtype & 4 <> 0,
      'update', g.tgtype & 16 <> 0,
      'enabled', g.tgenabled in ('O', 'A'),
      'outward', (fn.nspname in ('net', 'supabase_functions') or f.prosrc ~* '(net\.http_|http_request)'),
      'pathless', l.lanname in ('sql', 'plpgsql') and not exists (
        select from unnest(f.proconfig) setting where setting like 'search\_path=%')) order by g.tgname)
    from pg_catalog.pg_trigger g join pg_catalog.pg_proc f on f.oid = g.tgfoid
    join pg_catalog.pg_language l on l.oid = f.prolang join pg_catalog.pg_namespace fn on fn.oid = f.pronamespace
    where not g.tgisinternal and g.tgtype & 20 <> 0 and g.tgparentid = 0
      and (g.tgrelid = c.oid or g.tgrelid in (select relid from pg_partition_tree(c.oid)))), '[]'),
  'indexes', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', ic.relname, 'primary', i.indisprimary, 'unique', i.indisunique, 'immediate', i.indimmediate,
      'valid', i.indisvalid and i.indisready, 'partial', i.indpred is not null,
      'columns', case when i.indexprs is null then (
        select jsonb_agg(a.attname order by k.place)
        from unnest(i.indkey::pg_catalog.int2[]) with ordinality k(attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.place <= i.indnkeyatts) else '[]' end) order by ic.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid), '[]'),
  'rules', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', r.rulename, 'event', case r.ev_type when '3' then 'INSERT' else 'UPDATE' end) order by r.ev_type desc, r.rulename)
    from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type in ('2', '3')), '[]'),
  'closedSequences', coalesce((
    select jsonb_agg(distinct q.oid::pg_catalog.regclass::pg_catalog.text)
    from pg_catalog.pg_attrdef d join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass and e.objid = d.oid and e.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    join pg_catalog.pg_class q on q.oid = e.refobjid
    where d.adrelid = c.oid and case when q.relkind = 'S' then not has_sequence_privilege(q.oid, 'usage, update') end), '[]'),
  'partitionKey', coalesce((
    select jsonb_agg(coalesce(a.attname, 'an expression') order by k.place)
    from pg_catalog.pg_partitioned_table p cross join unnest(p.partattrs::pg_catalog.int2[]) with ordinality k(attnum, place)
    left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and k.attnum <> 0
    where p.partrelid = c.oid), '[]'),
  'checks', coalesce((
    select jsonb_agg(o.conname order by o.conname) from pg_catalog.pg_constraint o where o.conrelid = c.oid and o.contype = 'c'), '[]'),
  'foreignKeys', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', o.conname, 'validated', o.convalidated,
      'references', fn.nspname || '.' || fc.relname,
      'columns', (select jsonb_agg(a.attname) from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum = any(o.conkey))) order by o.conname)
    from pg_catalog.pg_constraint o join pg_catalog.pg_class fc on fc.oid = o.confrelid join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
    where o.conrelid = c.oid and o.contype = 'f'), '[]')
) as catalog
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'public' and c.relname = 'users' and c.relkind in ('r', 'p', 'v', 'm', 'f')),
  'oddKeys', false
))
  else (
with clock as materialized (
  select coalesce((userdrift_measure.scope ->> 'cutoff')::pg_catalog.timestamptz, now() - coalesce((userdrift_measure.scope ->> 'graceMs')::pg_catalog.float8, 60000)::pg_catalog.float8 * interval '1 millisecond') as cutoff,
         coalesce((userdrift_measure.scope ->> 'future')::pg_catalog.timestamptz, now() + interval '1 day') as future
),
missing as materialized (
  select u.id from "auth"."users" u where not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) and not exists (select from "public"."users" p where p."id" = u.id)
  union all select u.id from "auth"."users" u where (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) and not exists (select from "public"."users" p where p."id" = u.id and p."id" >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and p."id" is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and p."id" <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid))) and u.id >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and u.id <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid))
  union all select u.id from "auth"."users" u where not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) and not exists (select from "public"."users" p where p."id" = u.id) and (u.created_at >= (select coalesce((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz, '-infinity')) or u.created_at is null)
  union all select u.id from "auth"."users" u where (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) and not exists (select from "public"."users" p where p."id" = u.id and p."id" >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and p."id" is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and p."id" <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid))) and u.id >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and u.id <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)) and (u.created_at >= (select coalesce((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz, '-infinity')) or u.created_at is null)
),
classed as (
  select u.id, coalesce(case when u.deleted_at is not null then 'deleted' when u.is_anonymous is true then 'anonymous' end, case
    when u.created_at > (select cutoff from clock) and u.created_at <= (select future from clock) then 'grace'
    else 'missing' end) as class, case when u.created_at >= '0001-01-01 00:00:00+00' and u.created_at < '10000-01-01 00:00:00+00' then u.created_at end as dated, case when u.deleted_at is null and u.is_anonymous is not true and u.created_at >= '0001-01-01 00:00:00+00' and u.created_at < '10000-01-01 00:00:00+00' then (u.created_at at time zone 'UTC')::pg_catalog.date end as day, case when u.deleted_at is null and u.is_anonymous is not true then case
    when u.raw_app_meta_data ->> 'provider' is null then 'unknown'
    when u.raw_app_meta_data ->> 'provider' = any('{email,phone,apple,azure,bitbucket,discord,facebook,figma,fly,github,gitlab,google,kakao,keycloak,linkedin,linkedin_oidc,notion,slack,slack_oidc,snapchat,spotify,twitch,twitter,vercel_marketplace,web3,workos,x,zoom}') then u.raw_app_meta_data ->> 'provider'
    when u.raw_app_meta_data ->> 'provider' like 'sso:%' then 'sso'
    when u.raw_app_meta_data ->> 'provider' like 'custom:%' then 'custom'
    else 'other' end end as provider
  from missing join "auth"."users" u on u.id = missing.id
),
counted as materialized (
  select class, day, provider, count(*) as n,
    count(*) filter (where dated is null) as undated, min(dated) as oldest, max(dated) as newest, array_agg(id) filter (where class = 'missing') as ids
  from classed group by class, day, provider
)
select jsonb_build_object(
  'clock', jsonb_build_object('cutoff', to_char(clock.cutoff at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'future', to_char(clock.future at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
  'sourceTotal', case when not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (select count(*) from "auth"."users" u where true)
    when (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (select count(*) from "auth"."users" u where true and u.id >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and u.id <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)))
    when not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (select count(*) from "auth"."users" u where true and (u.created_at >= (select coalesce((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz, '-infinity')) or u.created_at is null))
    when (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (select count(*) from "auth"."users" u where true and u.id >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and u.id is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and u.id <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)) and (u.created_at >= (select coalesce((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz, '-infinity')) or u.created_at is null)) end,
  'sourceEmpty', not exists (select from "auth"."users" u),
  'targetEmpty', not exists (select from "public"."users"),
  'missing', coalesce((select sum(n) from counted where class = 'missing'), 0),
  'oldest', case when coalesce((select sum(undated) from counted where class = 'missing'), 0) = 0 then to_char(coalesce((select min(oldest) from counted where class = 'missing'), null) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end,
  'newest', to_char(coalesce((select max(newest) from counted where class = 'missing'), null) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'excluded', jsonb_build_object('deleted', coalesce((select sum(n) from counted where class = 'deleted'), 0), 'anonymous', coalesce((select sum(n) from counted where class = 'anonymous'), 0), 'sso', coalesce((select sum(n) from counted where class = 'sso'), 0), 'filtered', coalesce((select sum(n) from counted where class = 'filtered'), 0), 'grace', coalesce((select sum(n) from counted where class = 'grace'), 0)),
  'stale', null,
  'orphans', case when coalesce((userdrift_measure.scope ->> 'orphans')::boolean, false) then case when not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (
    select count(*) from "public"."users" p
    where p."id" is not null and not exists (select from "auth"."users" u where p."id" = u.id)
  )
    when (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and not ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (
    select count(*) from "public"."users" p
    where p."id" is not null and p."id" >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and p."id" is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and p."id" <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)) and not exists (select from "auth"."users" u where p."id" = u.id)
  )
    when not (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (
    select count(*) from "public"."users" p
    where p."id" is not null and not exists (select from "auth"."users" u where p."id" = u.id)
  )
    when (coalesce(userdrift_measure.scope ->> 'from', userdrift_measure.scope ->> 'to') is not null) and ((userdrift_measure.scope ->> 'since')::pg_catalog.timestamptz is not null) then (
    select count(*) from "public"."users" p
    where p."id" is not null and p."id" >= (select coalesce((userdrift_measure.scope ->> 'from')::pg_catalog.uuid, '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid)) and p."id" is distinct from (select ((userdrift_measure.scope ->> 'from')::pg_catalog.uuid)) and p."id" <= (select coalesce((userdrift_measure.scope ->> 'to')::pg_catalog.uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::pg_catalog.uuid)) and not exists (select from "auth"."users" u where p."id" = u.id)
  ) end end,
  'sample', array(select id from counted cross join unnest(ids) as id order by id limit 20),
  'breakdown', case when coalesce((userdrift_measure.scope ->> 'breakdown')::boolean, true) then jsonb_build_object(
    'days', coalesce((
      select jsonb_agg(jsonb_build_object('day', to_char(day, 'YYYY-MM-DD'), 'missing', n) order by day) from (select day, sum(n) as n from counted where class = 'missing' group by day) d), '[]'),
    'providers', coalesce((
      select jsonb_agg(jsonb_build_object('provider', provider, 'missing', n) order by n desc, provider) from (select provider, sum(n) as n from counted where class = 'missing' group by provider) w), '[]')) end
) as measure
from clock
  )
end
$userdrift$;
alter function public.userdrift_measure(jsonb) owner to postgres;
revoke execute on function public.userdrift_measure(jsonb) from public, anon, authenticated;
grant execute on function public.userdrift_measure(jsonb) to service_role;
comment on function public.userdrift_measure(jsonb) is 'userdrift: counts who is missing and why (mapping 04fa7c8c2ed83de5)';

notify pgrst, 'reload schema';
commit;
