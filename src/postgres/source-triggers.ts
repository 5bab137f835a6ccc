import type { ClientBase } from 'pg';
import type { SignUps } from '../facts.ts';
import type { Name } from '../sql/name.ts';
import { BODIES, fitsSource, KEY } from './function-bodies.ts';
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

/** As `reachesOut`, but of a body in a language that is read here, without its comments, and with what it calls. */
const OUTWARD = `coalesce(n.nspname in ('net', 'supabase_functions') or h.outward, false)`;

/** What keeps a function from copying at all. */
const DEFECTS = `'missing', coalesce(h.missing, '[]'), 'lacking', coalesce(h.lacking, '[]'),
  'invoker', coalesce(h.invoker, false), 'pathless', h.lost is not null, 'lost', coalesce(h.lost, '[]'),
  'cures', jsonb_build_object('pathless', h.repath,
    'invoker', case when h.curable then format('alter function %s security definer;', h.root::regprocedure) end)`;

/**
 * SQL that makes trigger `g` anew, enabled. Arguments and conditions are not for the report: the server puts them in. A
 * constraint trigger cannot be replaced; it gets a twin, for only the owner of the table can drop or enable the first.
 */
const REMAKE = `case
  when f.oid is null then null
  when g.tgconstraint <> 0 then (
    select format('do %L;', format('begin execute (select %L || substr(pg_get_triggerdef(oid), %s) '
      'from pg_trigger where tgrelid = %L::regclass and tgname = %L); end', format('CREATE CONSTRAINT TRIGGER %I', twin),
      length(format('CREATE CONSTRAINT TRIGGER %I', g.tgname)) + 1, source.name, g.tgname))
    from (select case when octet_length(g.tgname) < 62 then g.tgname else left(g.tgname, 15) end || '_2') t(twin)
    where not exists (select from pg_trigger o where o.tgrelid = source.oid and o.tgname = twin))
  when g.tgnargs = 0 and g.tgqual is null and g.tgattr::text = '' and coalesce(g.tgoldtable, g.tgnewtable) is null
    then format('create or replace trigger %I %s %s on %s for each %s execute function %I.%I();', g.tgname,
      case when g.tgtype & 2 <> 0 then 'before' else 'after' end,
      concat_ws(' or ', case when g.tgtype & 4 <> 0 then 'insert' end, case when g.tgtype & 8 <> 0 then 'delete' end,
        case when g.tgtype & 16 <> 0 then 'update' end, case when g.tgtype & 32 <> 0 then 'truncate' end),
      source.name, case when g.tgtype & 1 <> 0 then 'row' else 'statement' end, n.nspname, f.proname)
  else format('do %L;', format('begin execute (select regexp_replace(pg_get_triggerdef(oid), %L, %L) '
    'from pg_trigger where tgrelid = %L::regclass and tgname = %L); end', '^CREATE', 'CREATE OR REPLACE', source.name, g.tgname))
end`;

const SIGN_UPS = `
with recursive source as (
  select c.oid, format('%I.%I', n.nspname, c.relname) as name, pg_has_role(c.relowner, 'usage') as owned
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1::text and c.relname = $2::text
),
${BODIES}
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
      'outward', ${OUTWARD},
      'stock', coalesce(n.nspname = 'supabase_functions' and f.proname = 'http_request', false),
      'secret', ${OUTWARD} and (encode(g.tgargs, 'escape') ~* '${KEY}' or coalesce(h.secret, false)),
      'mentions', coalesce(h.mentions, false),
      'opaque', f.oid is not null and not coalesce(h.mentions, false) and coalesce(h.opaque, true),
      'swallows', coalesce(h.swallows, false),
      ${DEFECTS},
      'remake', ${REMAKE}) order by g.tgname)
    from pg_trigger g
    left join pg_proc f on f.oid = g.tgfoid
    left join pg_namespace n on n.oid = f.pronamespace
    left join heard h on h.root = f.oid
    where g.tgrelid = source.oid and not g.tgisinternal and g.tgtype & 20 <> 0), '[]'),
  'strays', coalesce((
    select jsonb_agg(jsonb_build_object('function', format('%I.%I', n.nspname, f.proname), ${DEFECTS}) order by n.nspname, f.proname)
    from heard h join pg_proc f on f.oid = h.root join pg_namespace n on n.oid = f.pronamespace
    where h.inserts and not exists (select from pg_trigger g where g.tgfoid = f.oid) and ${fitsSource('f.oid')}), '[]')
) as found
from source`;
