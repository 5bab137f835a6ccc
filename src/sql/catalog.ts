import type { Mapping } from './mapping.ts';
import { ident, literal, type Name, qualified } from './name.ts';
import { oursSql } from './ours.ts';

/** Which server this is and what it allows, as one JSON value. */
export const SERVER = `jsonb_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'database', current_database(),
  'inRecovery', pg_is_in_recovery(),
  'readOnly', (select reset_val::boolean from pg_catalog.pg_settings where name = 'default_transaction_read_only'))`;

/** As whom a statement runs, as one JSON value over pg_roles. */
export const ROLE = `jsonb_build_object('name', rolname, 'superuser', rolsuper, 'bypassRls', rolbypassrls)`;

/** SQL: does function `f` of schema `n` reach outside the database? */
export function reachesOut(f: string, n: string): string {
  return `(${n}.nspname in ('net', 'supabase_functions') or ${f}.prosrc ~* '(net\\.http_|http_request)')`;
}

/** A domain stands for the type below it. */
const BASE_TYPE = `(with recursive base as (
    select t.oid, t.typbasetype union all select d.oid, d.typbasetype from base join pg_catalog.pg_type d on d.oid = base.typbasetype
  ) select oid from base where typbasetype = 0)`;

/**
 * All that matters of one relation, as one JSON value called `catalog`; no row: there is none of that name, or its schema is
 * closed to this role. `schema` and `name` are SQL. The catalog is named in full: a temporary table comes before it else.
 */
export function relationSql(schema: string, name: string): string {
  return `
select jsonb_build_object(
  'kind', c.relkind,
  'rls', case when c.relforcerowsecurity then 'forced' when c.relrowsecurity then 'on' else 'off' end,
  'columns', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'base', format_type(${BASE_TYPE}, null),
      'notNull', a.attnotnull or (t.typtype = 'd' and t.typnotnull),
      'hasDefault', (a.atthasdef and a.attgenerated = '') or t.typdefault is not null,
      'default', case when a.attgenerated = '' then coalesce(pg_get_expr(d.adbin, d.adrelid), pg_get_expr(t.typdefaultbin, 0)) end,
      'identity', a.attidentity <> '', 'generated', a.attgenerated <> '') order by a.attnum)
    from pg_catalog.pg_attribute a join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'triggers', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', g.tgname, 'function', f.oid::regproc::text,
      'timing', case when g.tgtype & 2 <> 0 then 'before' when g.tgtype & 64 <> 0 then 'instead' else 'after' end,
      'row', g.tgtype & 1 <> 0,
      'insert', g.tgtype & 4 <> 0,
      'update', g.tgtype & 16 <> 0,
      'enabled', g.tgenabled in ('O', 'A'),
      'outward', ${reachesOut('f', 'fn')},
      'pathless', l.lanname in ('sql', 'plpgsql') and not exists (
        select from unnest(f.proconfig) setting where setting like 'search\\_path=%')) order by g.tgname)
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
        from unnest(i.indkey::int2[]) with ordinality k(attnum, place)
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where k.place <= i.indnkeyatts) else '[]' end) order by ic.relname)
    from pg_catalog.pg_index i join pg_catalog.pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = c.oid), '[]'),
  'rules', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', r.rulename, 'event', case r.ev_type when '3' then 'INSERT' else 'UPDATE' end) order by r.ev_type desc, r.rulename)
    from pg_catalog.pg_rewrite r where r.ev_class = c.oid and r.ev_type in ('2', '3')), '[]'),
  'closedSequences', coalesce((
    select jsonb_agg(distinct q.oid::regclass::text)
    from pg_catalog.pg_attrdef d join pg_catalog.pg_depend e on e.classid = 'pg_catalog.pg_attrdef'::regclass and e.objid = d.oid and e.refclassid = 'pg_catalog.pg_class'::regclass
    join pg_catalog.pg_class q on q.oid = e.refobjid
    where d.adrelid = c.oid and case when q.relkind = 'S' then not has_sequence_privilege(q.oid, 'usage, update') end), '[]'),
  'partitionKey', coalesce((
    select jsonb_agg(coalesce(a.attname, 'an expression') order by k.place)
    from pg_catalog.pg_partitioned_table p cross join unnest(p.partattrs::int2[]) with ordinality k(attnum, place)
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
where n.nspname = ${schema} and c.relname = ${name} and c.relkind in ('r', 'p', 'v', 'm', 'f')`;
}

/**
 * Does a text key hold a uuid in another spelling than `id::text`, as one row with `odd`? Its user would look missing and
 * be inserted twice.
 */
export function oddKeysSql(target: Name, key: string): string {
  const text = `${ident(key)}::text collate "C"`;
  return `
select exists (
  select from ${qualified(target)}
  where translate(lower(btrim(${text})), '{}-', '') ~ '^[0-9a-f]{32}$'
    and ${text} !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$') as odd`;
}

/** All that the Data API can tell of both tables and of the server, as one JSON value for the owner of a function. */
export function factsSql({ source, target, key, keyType }: Mapping): string {
  const relation = ({ schema, name }: Name) => `(${relationSql(literal(schema), literal(name))})`;
  return `jsonb_build_object('facts', jsonb_build_object(
  'names', ${literal(JSON.stringify({ source, target, key }))}::jsonb,
  'server', ${SERVER},
  'role', (select ${ROLE} from pg_catalog.pg_roles where rolname = current_user),
  'ours', ${oursSql("'service_role'")},
  'source', ${relation(source)},
  'target', ${relation(target)},
  'oddKeys', ${keyType === 'text' ? `(${oddKeysSql(target, key)})` : 'false'}
))`;
}
