import type { TestDatabase } from './database.ts';

/** Everything in the catalog that is no part of the server: what there is, whose, with which rights and which definition. */
export async function catalog(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ line: string }>(CATALOG);
  return rows.map(({ line }) => line);
}

const RIGHTS = (acl: string, kind: string, owner: string) =>
  `(select string_agg(format('%s=%s%s', case a.grantee when 0 then 'public' else a.grantee::regrole::text end,
      a.privilege_type, case when a.is_grantable then '*' end), ',' order by a.grantee::regrole::text, a.privilege_type)
    from aclexplode(coalesce(${acl}, acldefault(${kind}, ${owner}))) a)`;

const CATALOG = `
with s as (select oid, nspname, nspowner, nspacl from pg_namespace where nspname !~ '^(pg_|information_schema$)')
select line from (
  select format('schema %s %s %s', nspname, nspowner::regrole, ${RIGHTS('nspacl', `'n'`, 'nspowner')}) as line from s
  union all
  select format('relation %s.%s %s %s %s %s %s %s', nspname, relname, relkind, relowner::regrole, relrowsecurity,
    case when relkind in ('v', 'm') then pg_get_viewdef(c.oid) when relkind = 'i' then pg_get_indexdef(c.oid) end,
    ${RIGHTS('relacl', `case relkind when 'S' then 's' else 'r' end::"char"`, 'relowner')},
    (select string_agg(format('%s %s %s %s %s', attname, format_type(atttypid, atttypmod), attnotnull,
       (select string_agg(x.grantee::regrole || x.privilege_type, ',' order by x.grantee, x.privilege_type) from aclexplode(attacl) x),
       (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = attrelid and adnum = attnum)), '; ' order by attnum)
     from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped))
  from pg_class c join s on s.oid = relnamespace where relkind <> 't'
  union all
  select format('function %s %s %s', proowner::regrole, ${RIGHTS('proacl', `'f'`, 'proowner')}, pg_get_functiondef(p.oid))
  from pg_proc p join s on s.oid = pronamespace where prokind in ('f', 'p') and p.oid not in (
    select objid from pg_depend where deptype = 'e' and classid = 'pg_proc'::regclass)
  union all
  select format('trigger %s %s', tgenabled, pg_get_triggerdef(t.oid)) from pg_trigger t where not tgisinternal
  union all
  select format('constraint %s.%s %s', nspname, conname, pg_get_constraintdef(c.oid))
  from pg_constraint c join s on s.oid = connamespace
  union all
  select format('policy %s on %s %s %s %s %s', polname, polrelid::regclass, polcmd, polroles::regrole[],
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)) from pg_policy
  union all
  select format('role %s %s %s %s %s %s', r.rolname, r.rolcanlogin, r.rolinherit, r.rolbypassrls, r.rolconnlimit, s.setconfig)
  from pg_roles r left join pg_db_role_setting s on s.setrole = r.oid and s.setdatabase = 0
  where r.rolname in ('userdrift_job', 'postgres', 'anon', 'authenticated', 'service_role', 'supabase_auth_admin')
  union all
  select format('member %s of %s', member::regrole, roleid::regrole) from pg_auth_members
  where 'userdrift_job' in (member::regrole::text, roleid::regrole::text)
) all_of_it order by line collate "C"`;
