import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { functionsSql } from '../../src/sql/functions.ts';
import { SIGNATURES } from '../../src/sql/signatures.ts';
import { dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { call, TEXTBOOK_MAPPING } from '../support/functions.ts';
import { TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
const script = functionsSql(TEXTBOOK_MAPPING);

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});
afterAll(() => db.drop());

beforeEach(async () => {
  const ours = await db.query<{ drop: string }>(
    `select format('drop routine %s', oid::regprocedure) as drop from pg_proc
     where pronamespace = 'public'::regnamespace and proname = any($1)`,
    [SIGNATURES.functions.map(({ name }) => name)],
  );
  for (const { drop } of ours) await db.query(drop);
  await db.query('delete from auth.users');
});

describe.each([
  ['old projects, where anon and authenticated get every new function by name', ''],
  [
    'new projects, where they get none',
    'alter default privileges for role postgres in schema public revoke all on functions from anon, authenticated, service_role',
  ],
  [
    'servers where nobody gets a new function',
    'alter default privileges for role postgres revoke execute on functions from public',
  ],
])('on %s', (_, before) => {
  test('only service_role may execute the functions, however often they are applied', async () => {
    if (before !== '') await db.queryAsPostgres(before);
    for (const _time of [1, 2]) {
      await db.queryAsPostgres(script);
      for (const { name } of SIGNATURES.functions) {
        const [rights] = await db.query(
          `select has_function_privilege('anon', oid, 'execute') as anon,
             has_function_privilege('authenticated', oid, 'execute') as authenticated,
             has_function_privilege('public', oid, 'execute') as everybody,
             has_function_privilege('supabase_auth_admin', oid, 'execute') as auth_server,
             has_function_privilege('service_role', oid, 'execute') as service_role
           from pg_proc where pronamespace = 'public'::regnamespace and proname = $1`,
          [name],
        );
        expect(rights, name).toEqual({
          anon: false,
          authenticated: false,
          everybody: false,
          auth_server: false,
          service_role: true,
        });
      }
    }
  });
});

test('each is a definer of postgres that looks nothing up by path and sees every row or fails', async () => {
  await db.query(script);
  const found = await db.query(
    `select p.oid::regprocedure::text as signature, prosecdef, proowner::regrole::text as owner, proconfig
     from pg_proc p where pronamespace = 'public'::regnamespace order by 1`,
  );
  expect(found).toHaveLength(4);
  for (const { prosecdef, owner, proconfig } of found) {
    expect(prosecdef).toBe(true);
    expect(owner).toBe('postgres');
    expect(proconfig).toEqual(expect.arrayContaining(['search_path=""', 'row_security=off']));
  }
});

test('applying the script again changes nothing', async () => {
  const shape = () =>
    db.query(
      `select proname, prosrc, proacl::text, proconfig, provolatile, prosecdef, obj_description(oid) as comment
       from pg_proc where pronamespace = 'public'::regnamespace order by 1`,
    );
  await db.queryAsPostgres(script);
  const first = await shape();
  await db.queryAsPostgres(script);
  expect(await shape()).toEqual(first);
});

test('over HTTP the secret key is let in, and neither nobody, nor a signed-in user, nor a made-up key', async () => {
  const { id } = await insertUser(db);
  await db.queryAsPostgres(script);
  const api = await dataApiOf(db.url);
  const ask = async (name: string, args: object, key: string, bearer = key) => {
    const response = await fetch(`${api.url}/rest/v1/rpc/${name}`, {
      method: 'POST',
      headers: { apikey: key, authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(args),
    });
    return { status: response.status, body: (await response.json()) as { code?: string } };
  };
  const calls: [string, object][] = [
    ['sync_user_from_auth', { user_id: id }],
    ['sync_users_from_auth', { user_ids: [id] }],
    ['userdrift_missing', {}],
    ['userdrift_measure', {}],
  ];
  for (const [name, args] of calls) {
    expect(await ask(name, args, api.publishableKey), name).toMatchObject({ status: 401, body: { code: '42501' } });
    const user = await ask(name, args, api.publishableKey, api.userToken);
    expect(user, name).toMatchObject({ status: 403, body: { code: '42501' } });
    expect((await ask(name, args, 'sb_secret_made_up')).status, name).toBe(401);
  }
  expect(await db.query('select from public.users')).toEqual([]);
  for (const [name, args] of calls) expect((await ask(name, args, api.secretKey)).status, name).toBe(200);
});

test('a temporary table or type of the caller stands in for nothing', async () => {
  const { id } = await insertUser(db);
  await db.queryAsPostgres(script);
  const client = new pg.Client({ connectionString: db.urlFor('authenticator') });
  await client.connect();
  try {
    await client.query(`set role service_role;
      create temp table users (id uuid, email text);
      insert into pg_temp.users values ('${id}', 'shadow');
      create temp table pg_class as select * from pg_catalog.pg_class limit 0;
      create temp table pg_roles as select * from pg_catalog.pg_roles limit 0;
      create temp table pg_attribute (attname name, attrelid oid);
      create temp table pg_settings as select * from pg_catalog.pg_settings limit 0;
      grant all on all tables in schema pg_temp to public;
      create domain pg_temp.uuid as int;
      create domain pg_temp.text as int;
      create domain pg_temp.jsonb as int;
      create domain pg_temp.timestamptz as int;
      create domain pg_temp.float8 as int;
      grant usage on type pg_temp.uuid, pg_temp.text, pg_temp.jsonb, pg_temp.timestamptz, pg_temp.float8 to public`);
    const answer = async (sql: string) =>
      (await client.query<{ a: Record<string, unknown> }>(`select ${sql} as a`)).rows[0]?.a;
    expect(await answer('public.userdrift_measure()')).toMatchObject({ sourceTotal: 1, missing: 1, sample: [id] });
    expect(await answer(`public.userdrift_measure('{"facts": true}')`)).toMatchObject({
      facts: { role: { name: 'postgres' }, target: { kind: 'r', columns: { length: 4 } } },
    });
    expect(await answer(`public.sync_users_from_auth(array['${id}'::pg_catalog.uuid])`)).toMatchObject({
      outcomes: [{ id, kind: 'inserted' }],
    });
  } finally {
    await client.end();
  }
  expect(await db.query('select id from public.users')).toEqual([{ id }]);
});

test('what service_role may not do itself is done by the functions alone', async () => {
  const { id } = await insertUser(db);
  await db.queryAsPostgres(`${script}; revoke all on public.users from service_role`);
  expect(await call(db, 'sync_user_from_auth', `'${id}'`)).toMatchObject({ status: 'inserted' });
});
