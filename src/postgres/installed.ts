import type { ClientBase } from 'pg';
import type { Name } from '../sql/name.ts';
import { MADE_BY_US } from '../sql/ours.ts';
import { ROLE } from '../sql/role.ts';
import { SIGNATURES, type Signature } from '../sql/signatures.ts';
import type { Installed } from '../sql/uninstall.ts';
import type { Server } from './server.ts';

/** What printed SQL meets in a database. */
export interface Site {
  installed: Installed;
  /** What is in the way of the functions that `create or replace` is to make, as `drop` takes it: `function public.f(uuid)`. */
  foreign: string[];
  /** Extensions that the webhook calls. */
  pgNet: boolean;
  hmac: boolean;
  /** Sequences that defaults of the target draw from. */
  sequences: string[];
  /** Triggers of the target whose function looks names up in whatever search_path there is; quoted where needed. */
  pathless: { trigger: string; function: string }[];
}

/** Looks at what there is of ours, and what is in the way of `wanted`. `target` may be unknown. */
export async function readSite(server: Server, wanted: readonly Signature[], target: Name | null): Promise<Site> {
  return server.read({ statement_timeout: '30s', lock_timeout: '5s', search_path: '', jit: 'off' }, async (client) => ({
    ...(await ask<Pick<Site, 'installed' | 'pgNet' | 'hmac'>>(client, INSTALLED, [JSON.stringify(ALL), ROLE])),
    ...(await ask<Pick<Site, 'foreign'>>(client, FOREIGN, [JSON.stringify(wanted)])),
    ...(await ask<Pick<Site, 'sequences' | 'pathless'>>(client, TARGET, [target?.schema, target?.name])),
  }));
}

async function ask<T>(client: ClientBase, text: string, values: unknown[]): Promise<T> {
  const { rows } = await client.query<{ found: T }>(text, values);
  const [row] = rows;
  if (!row) throw new TypeError('the catalog gave no answer');
  return row.found;
}

const ALL = Object.values(SIGNATURES).flat();

const INSTALLED = `
with ours as (
  select s.schema || '.' || s.name as name, s.returns, f.oid, f.oid::regprocedure::text as signature
  from jsonb_to_recordset($1::jsonb) as s(schema name, name name, arguments text, returns text)
  join pg_namespace n on n.nspname = s.schema
  join pg_proc f on f.pronamespace = n.oid and f.proname = s.name
    and pg_get_function_identity_arguments(f.oid) = s.arguments and pg_get_function_result(f.oid) = s.returns
  where case when f.prokind = 'f' then ${MADE_BY_US} end
),
home as (select oid from pg_namespace where nspname = 'userdrift'),
relation as (select c.relname, c.relkind from pg_class c join home on c.relnamespace = home.oid),
role as (select oid from pg_roles where rolname = $2)
select jsonb_build_object(
  'installed', jsonb_build_object(
    'triggerFunctions', (select coalesce(jsonb_agg(signature order by signature), '[]') from ours where returns = 'trigger'),
    'functions', (select coalesce(jsonb_agg(signature order by signature), '[]') from ours where returns <> 'trigger'),
    'views', (select coalesce(jsonb_agg('userdrift.' || relname), '[]') from relation where relname = 'auth_users' and relkind = 'v'),
    'tables', (select coalesce(jsonb_agg('userdrift.' || relname), '[]') from relation where relname = 'secrets' and relkind = 'r'),
    'history', exists (select from relation where relname = 'runs' and relkind = 'r'),
    'role', exists (select from role),
    'roleBusy', exists (select from pg_shdepend d join role on d.refclassid = 'pg_authid'::regclass and d.refobjid = role.oid
      where d.deptype = 'o' or d.dbid not in (0, (select oid from pg_database where datname = current_database()))),
    'schema', exists (select from home),
    'schemaShared',
      exists (select from relation where relkind in ('r', 'p', 'v', 'm', 'f', 'S') and relname not in ('auth_users', 'runs', 'secrets'))
      or exists (select from pg_proc f join home on f.pronamespace = home.oid where f.oid not in (select oid from ours))
      or exists (select from pg_type t join home on t.typnamespace = home.oid where t.typrelid = 0 and t.typelem = 0)),
  'pgNet', to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is not null,
  'hmac', to_regprocedure('extensions.hmac(bytea, bytea, text)') is not null
) as found`;

/** Whatever has the name of ours and is none: replaced it cannot be, and beside ours the Data API could not choose. */
const FOREIGN = `
select jsonb_build_object('foreign', coalesce(jsonb_agg(format('%s %s',
    case f.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end, f.oid::regprocedure) order by f.oid), '[]')) as found
from jsonb_to_recordset($1::jsonb) as s(schema name, name name, arguments text, returns text)
join pg_namespace n on n.nspname = s.schema
join pg_proc f on f.pronamespace = n.oid and f.proname = s.name
where case when f.prokind <> 'f' then true else pg_get_function_identity_arguments(f.oid) <> s.arguments
  or pg_get_function_result(f.oid) <> s.returns or not ${MADE_BY_US} end`;

const TARGET = `
with target as (
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2
)
select jsonb_build_object(
  'sequences', coalesce((
    select jsonb_agg(distinct q.oid::regclass::text)
    from target join pg_attrdef d on d.adrelid = target.oid
    join pg_depend e on e.classid = 'pg_attrdef'::regclass and e.objid = d.oid and e.refclassid = 'pg_class'::regclass
    join pg_class q on q.oid = e.refobjid and q.relkind = 'S'), '[]'),
  'pathless', coalesce((
    select jsonb_agg(jsonb_build_object('trigger', quote_ident(g.tgname), 'function', f.oid::regprocedure::text) order by g.tgname)
    from target join pg_trigger g on g.tgrelid = target.oid
    join pg_proc f on f.oid = g.tgfoid
    join pg_language l on l.oid = f.prolang
    where not g.tgisinternal and g.tgenabled in ('O', 'A') and g.tgtype & 20 <> 0 and l.lanname in ('sql', 'plpgsql')
      and not exists (select from unnest(f.proconfig) c where c like 'search\\_path=%')
      and f.prosrc ~* '\\m(into|from|join|update|delete|perform|call|execute|select)\\M'), '[]')
) as found`;
