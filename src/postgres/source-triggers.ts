import type { ClientBase } from 'pg';
import type { SignUps } from '../port.ts';
import type { Name } from '../sql/name.ts';
import { isRefusedStatement } from './transaction.ts';

/**
 * What hears of a sign-up: the triggers of `table`, and what the functions behind them do with `target`. Their source is
 * judged where it is; neither source nor arguments reach this process, for both may hold keys. null: there is no such
 * table, or the catalog would not tell. A diagnosis must never cost the run that it explains.
 */
export async function readSignUps(client: ClientBase, table: Name, target: Name | null): Promise<SignUps | null> {
  await client.query(`savepoint signups; set local statement_timeout = '5s'`);
  try {
    const values = [table.schema, table.name, target?.schema ?? null, target?.name ?? null];
    const { rows } = await client.query<{ found: SignUps }>(SIGN_UPS, values);
    await client.query('rollback to savepoint signups');
    return rows[0]?.found ?? null;
  } catch (error) {
    if (!isRefusedStatement(error)) throw error;
    await client.query('rollback to savepoint signups');
    return null;
  }
}

/** SQL: does function `f` of schema `n` reach outside the database? */
export function reachesOut(f: string, n: string): string {
  return `(${n}.nspname in ('net', 'supabase_functions') or ${f}.prosrc ~* '(net\\.http_|http_request)')`;
}

/** How a name may be spelled in a function: plain ones with or without quotes. A regular expression, made by SQL. */
function spelling(name: string): string {
  const escaped = (text: string) => String.raw`regexp_replace(${text}, '([^[:alnum:]_])', '\\\1', 'g')`;
  return `case when ${name} ~ '^[a-z_][a-z0-9_$]*$' then '"?' || ${escaped(name)} || '"?'
    else '"' || ${escaped(`replace(${name}, '"', '""')`)} || '"' end`;
}

const BEGIN = String.raw`(?<![\w$."])`;
const END = String.raw`(?![\w$"])`;
const QUOTED = '"(?:[^"]|"")*"';
const TEXT = `''(?:[^'']|'''')*''`;
const COMMENT = String.raw`--[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/`;
const IDENTIFIER = String.raw`"(?:[^"]|"")+"|[[:alpha:]_][\w$]*`;
/** An Authorization header, an API key, a JSON Web Token. */
const KEY = String.raw`authorization|api[-_ ]?key|\mbearer\M|sb_secret_|\meyJ[\w-]{10,}\.eyJ`;
const RERAISED = String.raw`\mothers\M[^;]*\mthen\M((?!\mend\M).)*\mraise\M(?!\s*(debug|log|info|notice|warning)\M)`;

/** The identifier that a match of IDENTIFIER stands for. */
function folded(match: string): string {
  return `(case when ${match} like '"%' then replace(substr(${match}, 2, length(${match}) - 2), '""', '"') else lower(${match}) end)::name`;
}

const SIGN_UPS = `
with source as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, pg_has_role(c.relowner, 'usage') as owned
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1::text and c.relname = $2::text
),
target as (
  select c.oid, c.relnamespace, ${spelling('t.schema')} || '\\s*\\.\\s*' as prefix, ${spelling('t.name')} || '${END}' as name
  from (select $3::text, $4::text) t(schema, name)
  left join (pg_class c join pg_namespace n on n.oid = c.relnamespace) on n.nspname = t.schema and c.relname = t.name
),
-- said: without comments; code: without text in quotes as well
body as materialized (
  select f.oid, n.nspname, f.proname, l.lanname, f.prorettype = 'trigger'::regtype as of_trigger,
    regexp_replace(b.text, '(${QUOTED}|${TEXT})|${COMMENT}', '\\1', 'g') as said,
    regexp_replace(b.text, '(${QUOTED})|${TEXT}|${COMMENT}', '\\1', 'g') as code
  from pg_proc f
  join pg_namespace n on n.oid = f.pronamespace
  join pg_language l on l.oid = f.prolang
  cross join target
  cross join lateral (
    select left(case when f.prosqlbody is null then f.prosrc else pg_get_function_sqlbody(f.oid) end, 100000)
  ) b(text)
  where l.lanname not in ('c', 'internal') and n.nspname !~ '^(pg_|information_schema$)'
    and (f.prorettype = 'trigger'::regtype or b.text ~* target.name)
),
-- What each function does with the target by itself. Text in quotes may be SQL, but only where it reads like it.
judged as materialized (
  select body.*, lower(said) as small,
    code ~* ('${BEGIN}' || prefix || name)
      or said ~* ('\\m(?:into|update|from|join|only)\\s+(?:' || prefix || ')?' || name) as direct,
    said ~* ('\\minto\\s+(?:' || prefix || ')?' || name) as inserts,
    code ~* ('\\m(?:into|update)\\s+' || name || '(?!\\s*\\.)') as bare
  from body cross join target
),
-- and by a function that it calls, one level deep; the cheap test spares most of the costly one
called as (
  select f.oid, bool_or(g.inserts) as inserts
  from judged f join judged g on g.direct and f.of_trigger
    and strpos(f.small, lower(g.proname)) > 0
    and f.said ~* ('${BEGIN}(?:' || ${spelling('g.nspname')} || '\\s*\\.\\s*)?' || ${spelling('g.proname')} || '\\s*\\(')
  group by f.oid
),
-- Names with a schema in front: whatever is called, and what follows a verb. Whether a is an alias or a schema that is
-- gone, only insert, merge, update and a call tell.
named as (
  select oid, ${folded('m[1]')} as schema, ${folded('m[2]')} as name, true as certain
  from judged, regexp_matches(code, '${BEGIN}(${IDENTIFIER})\\s*\\.\\s*(${IDENTIFIER})\\s*\\(', 'gi') m
  where of_trigger and lanname = 'plpgsql'
  union
  select oid, ${folded('m[2]')}, ${folded('m[3]')}, m[1] ~* '^(insert|merge|update)'
  from judged, regexp_matches(code,
    '\\m(insert\\s+into|merge\\s+into|update|perform|from|join)\\s+(?:only\\s+)?(${IDENTIFIER})\\s*\\.\\s*(${IDENTIFIER})', 'gi') m
  where of_trigger and lanname = 'plpgsql'
),
missing as (
  select d.oid, jsonb_agg(distinct format('%I.%I', d.schema, d.name)) as names
  from named d left join pg_namespace n on n.nspname = d.schema
  where d.schema <> 'pg_temp' and (d.certain or n.oid is not null)
    and not exists (select from pg_class c where c.relnamespace = n.oid and c.relname = d.name)
    and not exists (select from pg_proc f where f.pronamespace = n.oid and f.proname = d.name)
    and not exists (select from pg_type t where t.typnamespace = n.oid and t.typname = d.name)
  group by d.oid
)
select jsonb_build_object(
  'table', source.name,
  'owned', source.owned,
  'triggers', coalesce((
    select jsonb_agg(jsonb_build_object(
      'name', quote_ident(g.tgname),
      'function', case when f.oid is not null then format('%I.%I', n.nspname, f.proname) end,
      'insert', g.tgtype & 4 <> 0,
      'update', g.tgtype & 16 <> 0,
      'enabled', g.tgenabled in ('O', 'A'),
      'conditional', g.tgqual is not null,
      'outward', coalesce(${reachesOut('f', 'n')}, false),
      'stock', coalesce(n.nspname = 'supabase_functions' and f.proname = 'http_request', false),
      'secret', coalesce(${reachesOut('f', 'n')} and (encode(g.tgargs, 'escape') ~* '${KEY}' or j.said ~* '${KEY}'), false),
      'mentions', coalesce(j.direct, false) or called.oid is not null,
      'swallows', coalesce(j.code ~* '\\mwhen\\M[^;]*\\mothers\\M[^;]*\\mthen\\M' and j.code !~* '${RERAISED}', false),
      'missing', coalesce(missing.names, '[]'),
      'invoker', coalesce(j.direct and not f.prosecdef and not (
        has_schema_privilege(a.oid, target.relnamespace, 'usage') and has_any_column_privilege(a.oid, target.oid, 'insert')), false),
      'pathless', coalesce(j.bare and not exists (select from unnest(f.proconfig) c where c like 'search\\_path=%'), false),
      'remake', case
        when f.oid is null or g.tgconstraint <> 0 then null
        when g.tgnargs = 0 and g.tgqual is null and g.tgattr::text = '' and coalesce(g.tgoldtable, g.tgnewtable) is null
          then format('create or replace trigger %I %s %s on %s for each %s execute function %I.%I();', g.tgname,
            case when g.tgtype & 2 <> 0 then 'before' else 'after' end,
            concat_ws(' or ', case when g.tgtype & 4 <> 0 then 'insert' end, case when g.tgtype & 8 <> 0 then 'delete' end,
              case when g.tgtype & 16 <> 0 then 'update' end, case when g.tgtype & 32 <> 0 then 'truncate' end),
            source.name, case when g.tgtype & 1 <> 0 then 'row' else 'statement' end, n.nspname, f.proname)
        -- Arguments and conditions are not for the report: the server puts them in.
        else format('do %L;', format('begin execute (select regexp_replace(pg_get_triggerdef(oid), %L, %L) '
          'from pg_trigger where tgrelid = %L::regclass and tgname = %L); end', '^CREATE', 'CREATE OR REPLACE', source.name, g.tgname))
      end) order by g.tgname)
    from pg_trigger g
    left join pg_proc f on f.oid = g.tgfoid
    left join pg_namespace n on n.oid = f.pronamespace
    left join judged j on j.oid = f.oid
    left join called on called.oid = f.oid
    left join missing on missing.oid = f.oid
    left join pg_roles a on a.rolname = 'supabase_auth_admin'
    cross join target
    where g.tgrelid = source.oid and not g.tgisinternal and g.tgtype & 20 <> 0), '[]'),
  'strays', coalesce((
    select jsonb_agg(jsonb_build_object('function', format('%I.%I', j.nspname, j.proname)) order by j.nspname, j.proname)
    from judged j left join called on called.oid = j.oid
    where j.of_trigger and (j.inserts or called.inserts) and not exists (select from pg_trigger g where g.tgfoid = j.oid)), '[]')
) as found
from source`;
