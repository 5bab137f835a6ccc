import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

/** Name, type, nullable, default or generation, as the auth server's own migrations leave them. */
const COLUMNS = `
instance_id uuid null
id uuid not null
aud character varying(255) null
role character varying(255) null
email character varying(255) null
encrypted_password character varying(255) null
email_confirmed_at timestamp with time zone null
invited_at timestamp with time zone null
confirmation_token character varying(255) null
confirmation_sent_at timestamp with time zone null
recovery_token character varying(255) null
recovery_sent_at timestamp with time zone null
email_change_token_new character varying(255) null
email_change character varying(255) null
email_change_sent_at timestamp with time zone null
last_sign_in_at timestamp with time zone null
raw_app_meta_data jsonb null
raw_user_meta_data jsonb null
is_super_admin boolean null
created_at timestamp with time zone null
updated_at timestamp with time zone null
phone text null NULL::character varying
phone_confirmed_at timestamp with time zone null
phone_change text null ''::character varying
phone_change_token character varying(255) null ''::character varying
phone_change_sent_at timestamp with time zone null
confirmed_at timestamp with time zone null LEAST(email_confirmed_at, phone_confirmed_at)
email_change_token_current character varying(255) null ''::character varying
email_change_confirm_status smallint null 0
banned_until timestamp with time zone null
reauthentication_token character varying(255) null ''::character varying
reauthentication_sent_at timestamp with time zone null
is_sso_user boolean not null false
deleted_at timestamp with time zone null
is_anonymous boolean not null false`;

test('auth.users has the 35 columns of the auth server, in its order', async () => {
  const rows = await db.query<{ line: string }>(`
    select concat_ws(' ', attname, format_type(atttypid, atttypmod), case when attnotnull then 'not null' else 'null' end,
      pg_get_expr(adbin, adrelid)) as line
    from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attrelid = 'auth.users'::regclass and attnum > 0 and not attisdropped order by attnum`);
  expect(rows.map(({ line }) => line)).toEqual(COLUMNS.trim().split('\n'));
  expect(
    await db.query(`select attname from pg_attribute where attrelid = 'auth.users'::regclass and attgenerated = 's'`),
  ).toEqual([{ attname: 'confirmed_at' }]);
});

test('auth.users has the 11 indexes, with their predicates', async () => {
  const rows = await db.query<{ indexdef: string }>(
    `select indexdef from pg_indexes where schemaname = 'auth' and tablename = 'users' order by indexname`,
  );
  const digits = (column: string) => `WHERE ((${column})::text !~ '^[0-9 ]*$'::text)`;
  const on = 'ON auth.users USING btree';
  expect(rows.map(({ indexdef }) => indexdef)).toEqual([
    ...[
      'confirmation_token',
      'email_change_token_current',
      'email_change_token_new',
      'reauthentication_token',
      'recovery_token',
    ].map((column) => `CREATE UNIQUE INDEX ${column}_idx ${on} (${column}) ${digits(column)}`),
    `CREATE UNIQUE INDEX users_email_partial_key ${on} (email) WHERE (is_sso_user = false)`,
    `CREATE INDEX users_instance_id_email_idx ${on} (instance_id, lower((email)::text))`,
    `CREATE INDEX users_instance_id_idx ${on} (instance_id)`,
    `CREATE INDEX users_is_anonymous_idx ${on} (is_anonymous)`,
    `CREATE UNIQUE INDEX users_phone_key ${on} (phone)`,
    `CREATE UNIQUE INDEX users_pkey ${on} (id)`,
  ]);
});

test('row level security is on without a policy, and supabase_auth_admin owns the tables in a schema of supabase_admin', async () => {
  const tables = await db.query(`
    select relname, pg_get_userbyid(relowner) as owner, relrowsecurity as rls, relforcerowsecurity as forced,
      (select count(*)::int from pg_policy where polrelid = c.oid) as policies
    from pg_class c where relnamespace = 'auth'::regnamespace and relkind = 'r' order by relname`);
  const guarded = { owner: 'supabase_auth_admin', rls: true, forced: false, policies: 0 };
  expect(tables).toEqual(['identities', 'sessions', 'users'].map((relname) => ({ relname, ...guarded })));
  expect(await db.query(`select pg_get_userbyid(nspowner) as owner from pg_namespace where nspname = 'auth'`)).toEqual([
    { owner: 'supabase_admin' },
  ]);
});

test('who lacks BYPASSRLS reads zero rows and no error; postgres reads them all', async () => {
  await insertUser(db);
  const blind = await db.createRole();
  await db.query(`grant usage on schema auth to ${blind.name}; grant select on auth.users to ${blind.name}`);
  expect(await countUsers(blind.url)).toBe(0);
  expect(await countUsers(db.url)).toBe(1);
});

test('service_role has no right on the table at all', async () => {
  const sql = 'set role service_role; select count(*) from auth.users';
  await expect(db.queryAsPostgres(`begin; ${sql}`)).rejects.toMatchObject({ code: '42501' });
});

test.each([
  'create index on auth.users (created_at)',
  'alter table auth.users add column plan text',
  'create table auth.mine (id int)',
  'create function auth.mine() returns int language sql as $$ select 1 $$',
])('postgres may not: %s', async (statement) => {
  await expect(db.queryAsPostgres(statement)).rejects.toMatchObject({ code: '42501' });
});

test('postgres may do what apps do: reference auth.users, put a trigger on it, pass SELECT on', async () => {
  await db.queryAsPostgres(
    'create table public.profiles (id uuid primary key references auth.users (id) on delete cascade)',
  );
  await db.queryAsPostgres(
    `create function public.quiet() returns trigger language plpgsql as 'begin return new; end'`,
  );
  await db.queryAsPostgres(
    'create trigger quiet after insert on auth.users for each row execute function public.quiet()',
  );
  await db.queryAsPostgres('grant select on auth.users to service_role');
  // Without the grant option that statement is only a warning.
  expect(await db.query(`select has_table_privilege('service_role', 'auth.users', 'select') as passed`)).toEqual([
    { passed: true },
  ]);
  expect(
    await db.query(`select pg_get_userbyid(relowner) as owner from pg_class where oid = 'public.profiles'::regclass`),
  ).toEqual([{ owner: 'postgres' }]);
  await db.queryAsPostgres(
    'revoke select on auth.users from service_role; drop trigger if exists quiet on public.profiles',
  );
});

test('the roles have the attributes of the platform', async () => {
  const rows = await db.query<{ line: string }>(`
    select concat_ws(' ', rolname, case when rolsuper then 'super' end, case when rolcanlogin then 'login' end,
      case when rolbypassrls then 'bypassrls' end, case when rolcreaterole then 'createrole' end) as line
    from pg_roles where rolname in ('anon', 'authenticated', 'authenticator', 'postgres', 'service_role', 'supabase_admin',
      'supabase_auth_admin') order by rolname`);
  expect(rows.map(({ line }) => line)).toEqual([
    'anon',
    'authenticated',
    'authenticator login',
    'postgres login bypassrls createrole',
    'service_role bypassrls',
    'supabase_admin super login bypassrls createrole',
    'supabase_auth_admin login',
  ]);
  await expect(db.queryAsPostgres('grant supabase_auth_admin to postgres')).rejects.toMatchObject({ code: '42501' });
});

test('a token in the request settings is what auth.uid() and auth.role() say', async () => {
  const sub = 'b5f4c1de-0a3b-4a2e-8f3e-0d7b7d3b9a11';
  const client = await db.postgres.connect();
  try {
    expect((await client.query('select auth.uid() as uid, auth.role() as role')).rows).toEqual([
      { uid: null, role: null },
    ]);
    await client.query(`select set_config('request.jwt.claims', $1, false)`, [JSON.stringify({ sub, role: 'anon' })]);
    expect((await client.query('select auth.uid() as uid, auth.role() as role')).rows).toEqual([
      { uid: sub, role: 'anon' },
    ]);
  } finally {
    client.release(true);
  }
});

async function countUsers(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ count: number }>('select count(*)::int from auth.users')).rows[0]?.count ?? -1;
  } finally {
    await client.end();
  }
}
