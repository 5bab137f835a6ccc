import pg from 'pg';

/** Where SQL is sent; `pg.Client` and `pg.Pool` fit. */
export interface Database {
  query(sql: string): Promise<unknown>;
}

/**
 * Creates the roles of a Supabase cluster, or brings those that exist into line; connect as a superuser called
 * supabase_admin. Those that can log in get `password`. The role `postgres` is no superuser: it sees through row level
 * security by BYPASSRLS, and in schema auth it may do what it was granted and nothing more. PostgreSQL 15 to 18.
 */
export async function createRoles(database: Database, password: string): Promise<void> {
  await database.query(rolesSql(pg.escapeLiteral(password)));
}

const rolesSql = (password: string) => `
do $$
declare
  name text;
begin
  foreach name in array array['anon', 'authenticated', 'service_role', 'authenticator', 'supabase_auth_admin', 'postgres']
  loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = name) then
      execute format('create role %I', name);
    end if;
  end loop;
end
$$;

alter role anon nologin noinherit;
alter role authenticated nologin noinherit;
alter role service_role nologin noinherit bypassrls;
alter role authenticator login noinherit password ${password};
alter role supabase_auth_admin login noinherit nocreaterole password ${password};
alter role postgres login nosuperuser createdb createrole replication bypassrls password ${password};

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
alter role supabase_auth_admin set search_path = auth;
alter role supabase_auth_admin set idle_in_transaction_session_timeout = '60s';
alter role postgres set search_path = "$user", public, extensions;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, pg_monitor, pg_read_all_data, pg_signal_backend to postgres;

do $$
begin
  if current_setting('server_version_num')::int >= 170000 then
    grant authenticator, pg_create_subscription to postgres with admin option;
  end if;
end
$$;
`;
