import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { idsIn } from '../support/app.ts';
import { authServer, type SignUps } from '../support/auth-server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { insertUser, softDelete, twelveKinds } from '../support/people.ts';
import { apply, printed } from '../support/printed.ts';

const CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', name: `coalesce(u.raw_user_meta_data->>'full_name', split_part(u.email, '@', 1))` },
};

let db: TestDatabase;
let auth: SignUps;

beforeAll(async () => {
  db = await createDatabase();
  auth = authServer(db);
});
afterAll(async () => {
  await auth?.end();
  await db?.drop();
});

beforeEach(async () => {
  await db.query(`drop schema if exists userdrift cascade; drop schema if exists public cascade;
    create schema public authorization postgres; delete from auth.users`);
  await db.queryAsPostgres('create table public.users (id uuid primary key, email text, name text)');
});

/** Signs up and expects no warning. */
async function signUp(overrides: Parameters<typeof insertUser>[1] = {}) {
  const person = await insertUser(auth.db, overrides);
  expect(auth.warnings()).toEqual([]);
  return person;
}

const as = (sql: string, values: unknown[] = []) => auth.db.admin.query(sql, values);

describe('the trigger', () => {
  test('writes what the job writes, for everybody whom the job expects and nobody else', async () => {
    await apply(db, await printed('trigger', CONFIG));
    await twelveKinds(auth.db);
    expect(auth.warnings()).toEqual([]);
    // Every sign-up is a minute old at once, so that nobody is in grace.
    const check = await run('check', { url: db.url, config: { ...CONFIG, grace: '0' } });
    expect(check).toMatchObject({ verdict: 'in_sync', excluded: { anonymous: 1 } });
    const byTrigger = await db.query('select * from public.users order by id');
    // Deleted later: the row stays, as the app has it.
    expect(byTrigger).toHaveLength(11);
    await db.query('delete from public.users');
    await run('backfill', { url: db.url, config: { ...CONFIG, grace: '0' } });
    const byJob = await db.query<{ id: string }>('select * from public.users order by id');
    const expected = new Set(byJob.map(({ id }) => id));
    expect(byTrigger.filter(({ id }) => expected.has(String(id)))).toEqual(byJob);
  });

  test('leaves a row alone that is there already', async () => {
    await apply(db, await printed('trigger', CONFIG));
    const id = '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10';
    await db.query(`insert into public.users values ($1, 'mine')`, [id]);
    await signUp({ id });
    expect(await db.query('select email from public.users')).toEqual([{ email: 'mine' }]);
  });

  test.for<[string, object, Parameters<typeof insertUser>[1], string]>([
    ['an anonymous one turns permanent', {}, { is_anonymous: true, email: null }, 'is_anonymous = false'],
    ['a deleted one is brought back', {}, { deleted_at: new Date() }, 'deleted_at = null'],
    ['one of SSO is no more', { sso: true }, { is_sso_user: true }, 'is_sso_user = false'],
    [
      'a filter lets them in',
      { where: 'email_confirmed_at is null' },
      { email_confirmed_at: null },
      'email_confirmed_at = now()',
    ],
    ['a filter of the whole row lets them in', { where: `to_jsonb(u)->>'aud' = 'x'` }, {}, `aud = 'authenticated'`],
  ])('copies a user who becomes expected later: %s', async ([, skip, before, change]) => {
    await apply(db, await printed('trigger', { ...CONFIG, skip }));
    const { id } = await signUp(before);
    if (change.startsWith('aud')) await as(`update auth.users set aud = 'x'`);
    await db.query('delete from public.users');
    await as('update auth.users set last_sign_in_at = now()');
    expect(await idsIn(db)).toEqual([]);
    await as(`update auth.users set ${change}`);
    expect(await idsIn(db)).toEqual([id]);
  });

  test('does not listen to logins', async () => {
    await apply(db, await printed('trigger', CONFIG));
    await signUp();
    await db.query('delete from public.users');
    await as('update auth.users set last_sign_in_at = now(), updated_at = now()');
    expect(await idsIn(db)).toEqual([]);
  });

  test('keeps the columns of "refresh" equal, and no others; the hash of a deleted user never lands', async () => {
    const config = { ...CONFIG, refresh: ['email'] };
    await apply(db, await printed('trigger', config, db.url));
    const person = await signUp({ raw_user_meta_data: { full_name: 'x' } });
    await db.query(`update public.users set name = 'mine'`);
    await as(`update auth.users set email = 'changed@example.com', raw_user_meta_data = '{"full_name":"other"}'`);
    const rows = [{ email: 'changed@example.com', name: 'mine' }];
    expect(await db.query('select email, name from public.users')).toEqual(rows);
    await softDelete(auth.db, person);
    expect(await db.query('select email, name from public.users')).toEqual(rows);
    expect(auth.warnings()).toEqual([]);
  });

  test('calls the repair function of the app instead, for who has no row', async () => {
    await db.queryAsPostgres(`create table public.calls (id uuid);
      create function public.make(who uuid) returns void language sql
      as 'insert into public.users (id) values (who); insert into public.calls values (who)'`);
    await apply(db, await printed('trigger', { target: 'public.users', repair: { function: 'public.make' } }, db.url));
    const { id } = await signUp();
    await signUp({ is_anonymous: true });
    await as('update auth.users set deleted_at = null');
    expect(await db.query('select id from public.calls')).toEqual([{ id }]);
  });
});

describe('hostile names and expressions', () => {
  test('arrive as they are', async () => {
    const columns = {
      'we"ird': `$$a'b$$ || $userdrift$c$userdrift$ || $userdrift_2$d$userdrift_2$ -- the end`,
      new: `'n' /* u. */`,
      found: `'f'::pg_catalog.text`,
      'multi\nline': `e'it\\'s' || u&'\\0061'`,
      sqlstate: `case when u.email is not null then 'new.email' end`,
    };
    await db.queryAsPostgres(`create schema "S p""ace"; create table "S p""ace"."select" ("old" text primary key,
      "we""ird" text, new text, found text, "multi
line" text, sqlstate text)`);
    const config = { target: '"S p""ace"."select"', key: 'old', columns };
    const text = await printed('trigger', config, db.url);
    await apply(db, text);
    const { id } = await signUp();
    expect(await db.query('select * from "S p""ace"."select"')).toEqual([
      { old: id, 'we"ird': `a'bcd`, new: 'n', found: 'f', 'multi\nline': `it'sa`, sqlstate: 'new.email' },
    ]);
    expect(text.split('\n').filter((line) => line.startsWith('$userdrift_3$'))).toHaveLength(1);
    await db.query('drop schema "S p""ace" cascade');
  });

  test('a key that has the name of a variable', async () => {
    await db.queryAsPostgres('create table public.profiles (found uuid primary key, tg_op text)');
    const config = { target: 'public.profiles', key: 'found', columns: { tg_op: 'u.email' } };
    await apply(db, await printed('trigger', config, db.url));
    const { id } = await signUp();
    expect(await idsIn(db, 'public.profiles', 'found')).toEqual([id]);
  });

  test('a table of the session does not stand in for ours', async () => {
    await apply(db, await printed('trigger', CONFIG));
    await as('create temp table users (id uuid, email text, name text)');
    const { id } = await signUp();
    expect(await idsIn(db)).toEqual([id]);
    expect((await as('select * from pg_temp.users')).rows).toEqual([]);
    await as('drop table pg_temp.users');
  });
});

describe('a writer of the app beside it', () => {
  const writer = (name: string, conflict: string) => `
    create function public.handle() returns trigger language plpgsql security definer set search_path = '' as $$
    begin insert into public.users (id, email) values (new.id, 'by the app') ${conflict}; return new; end $$;
    create trigger ${name} after insert on auth.users for each row execute function public.handle();`;

  test('comes first, whatever it does about conflicts, and is named in the header', async () => {
    await db.queryAsPostgres(writer('on_auth_user_created', ''));
    const text = await printed('trigger', CONFIG, db.url);
    expect(text).toContain(
      '-- NOTE: trigger on_auth_user_created on auth.users runs public.handle, which writes to the',
    );
    await apply(db, text);
    await signUp();
    expect(await db.query('select email from public.users')).toEqual([{ email: 'by the app' }]);
  });

  test('is warned of where it would come second and fail', async () => {
    await db.queryAsPostgres(writer('zzz', ''));
    const text = await printed('trigger', CONFIG, db.url);
    expect(text.replaceAll('\n--', '')).toContain('and the sign-up with it');
    await apply(db, text);
    await expect(insertUser(auth.db), 'the warning is true').rejects.toThrow('duplicate key');
  });
});
