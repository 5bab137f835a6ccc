import type { Name } from '../sql/name.ts';
import type { Server } from './server.ts';

/** A function of the app that a trigger on the source runs at a sign-up, or that no trigger runs and that would fit. */
export interface SignUpCode {
  /** as SQL writes it; null: no trigger runs it */
  trigger: string | null;
  /** schema-qualified, quoted where needed */
  function: string;
  /** Its source as it stands in the catalog, cut off after 20,000 characters. It may hold a key. */
  text: string;
  /** Names of functions that it may call and that may do more than compute a value, as the catalog spells them. */
  volatile: string[];
}

/**
 * The PL/pgSQL functions that hear of a sign-up, those of triggers first, but for those of userdrift itself. Everywhere else
 * their source is judged where it is; here a person asked to see it.
 */
export async function readSignUpCode(server: Server, source: Name): Promise<SignUpCode[]> {
  return server.read({ statement_timeout: '30s', lock_timeout: '5s', jit: 'off' }, async (client) => {
    const { rows } = await client.query<SignUpCode>(CODE, [source.schema, source.name]);
    return rows;
  });
}

const CODE = `
with referred as (
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where (n.nspname, c.relname) in (($1::name, $2::name), ('auth', 'users'))
)
select quote_ident(g.tgname) as trigger, format('%I.%I', n.nspname, f.proname) as function, left(f.prosrc, 20000) as text,
  array(select distinct v.proname::text from pg_proc v join pg_namespace w on w.oid = v.pronamespace
    where v.provolatile = 'v' and w.nspname <> 'pg_catalog' and strpos(lower(f.prosrc), lower(v.proname)) > 0
      and v.proname !~ '^(gen_random_(uuid|bytes)|gen_salt|uuid_generate_v[0-9a-z]+)$') as volatile
from pg_proc f
join pg_namespace n on n.oid = f.pronamespace
join pg_language l on l.oid = f.prolang
left join pg_trigger g on g.tgfoid = f.oid and g.tgrelid in (select oid from referred) and not g.tgisinternal and g.tgtype & 4 <> 0
where l.lanname = 'plpgsql' and f.prorettype = 'trigger'::regtype and n.nspname <> 'userdrift'
  and (g.oid is not null or f.prosrc ~* '\\minsert\\s+into\\M' and f.prosrc ~* '\\mnew\\s*\\.\\s*id\\M'
    and not exists (select from pg_trigger o where o.tgfoid = f.oid))
order by g.tgname is null, g.tgname, n.nspname, f.proname
limit 30`;
