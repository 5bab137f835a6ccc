import { literal } from './name.ts';
import { SIGNATURES } from './signatures.ts';

/** A function in schema public may be the app's own under the same name: ours name us, in their text or their comment. */
export const MADE_BY_US = `strpos(pg_get_functiondef(f.oid) || coalesce(obj_description(f.oid, 'pg_proc'), ''), 'userdrift') > 0`;

const [RECORD, HISTORY] = SIGNATURES.history;
const OPEN = [...SIGNATURES.functions, RECORD, HISTORY].map(({ name, arguments: types }) => ({ name, types }));

/**
 * What there is of ours besides the job, and who gets at it, as one JSON value: `Ours`. `role` is SQL: whose rights count.
 * Asks the catalog and nothing else, for a name that a role may not look up is an error.
 */
export function oursSql(role: string): string {
  return `jsonb_build_object(
  'history', (
    select jsonb_build_object('records', ${mayCall(role)}, 'reads', coalesce((
        select ${mayCall(role)} from ${routine(HISTORY)}), false),
      'openTo', ${OPEN_TO})
    from ${routine(RECORD)}),
  'open', (
    select coalesce(jsonb_agg(jsonb_build_object('function', o.signature, 'roles', o.roles) order by o.signature), '[]')
    from (
      select format('%I.%I(%s)', n.nspname, f.proname, s.types) as signature,
        (select jsonb_agg(r.rolname order by r.rolname) from pg_catalog.pg_roles r
          where r.rolname in ('anon', 'authenticated') and ${mayCall('r.oid')}) as roles
      from jsonb_to_recordset(${literal(JSON.stringify(OPEN))}::jsonb) as s(name pg_catalog.text, types pg_catalog.text)
      join ${routine()} and f.proname = s.name and pg_get_function_identity_arguments(f.oid) = s.types
        and case when f.prokind = 'f' then ${MADE_BY_US} end) o
    where o.roles is not null))`;
}

const OPEN_TO = `(
        select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]')
        from pg_catalog.pg_class c join pg_catalog.pg_namespace h on h.oid = c.relnamespace
        cross join pg_catalog.pg_roles r
        where h.nspname = 'userdrift' and c.relname = 'runs' and r.rolname in ('anon', 'authenticated', 'service_role')
          and has_schema_privilege(r.oid, h.oid, 'usage')
          and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate')
            or has_any_column_privilege(r.oid, c.oid, 'select, insert, update')))`;

/** Function `f` of schema `n`: of this signature, or any in schema public. */
function routine(signature?: { name: string; arguments: string; returns: string }): string {
  const home = `pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace`;
  if (!signature) return `(${home}) on n.nspname = 'public'`;
  return `${home} where n.nspname = 'public' and f.proname = ${literal(signature.name)}
      and pg_get_function_identity_arguments(f.oid) = ${literal(signature.arguments)}
      and pg_get_function_result(f.oid) = ${literal(signature.returns)}`;
}

function mayCall(role: string): string {
  return `(has_schema_privilege(${role}, n.oid, 'usage') and has_function_privilege(${role}, f.oid, 'execute'))`;
}
