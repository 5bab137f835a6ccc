import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';

let db: TestDatabase;
let ids: string[];

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(`drop schema public cascade; create schema public authorization postgres;
    drop schema if exists net cascade; delete from auth.users`);
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  ids = await crowd(db, 6);
});

const count = async () => Number((await db.query('select count(*) from public.users'))[0]?.count);

/** A trigger function of this body, run before each insert. */
const trigger = (body: string, when = 'before insert') =>
  db.queryAsPostgres(`create function public.act() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
    create trigger act ${when} on public.users for each row execute function public.act()`);

test('a filter that closes our parentheses is no expression, and lets nobody in', async () => {
  const where = "u.email = 'nobody') or (u.phone = 'nobody'";
  const config = { ...TEXTBOOK, skip: { where } };
  const report = await run('sync', { url: db.url, config, flags: { user: ids.slice(0, 1) } });
  expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'expression_invalid' } });
  expect(report.reason?.message).toContain('skip.where');
  expect(await count()).toBe(0);
  const column = { ...TEXTBOOK, columns: { email: "u.email) || ('x'" } };
  expect(await run('sync', { url: db.url, config: column })).toMatchObject({ reason: { code: 'expression_invalid' } });
});

test.each(["u.email = 'x' -- why", 'false', 'null', "u.raw_user_meta_data @> '{}' and false", '(select false)'])(
  'a filter that is one expression stays one: %s',
  async (where) => {
    const config = { ...TEXTBOOK, skip: { where } };
    expect(await run('check', { url: db.url, config })).toMatchObject({ verdict: 'drift', drift: { missing: 6 } });
  },
);

test('a trigger that changes the key ends the run: each try would add a row that is nobody', async () => {
  await trigger('new.id := gen_random_uuid();');
  await db.query('alter table public.users drop constraint users_id_fkey');
  const report = await run('sync', { url: db.url });
  expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'key_rewritten' }, repair: { inserted: 0 } });
  expect(await count()).toBe(6);
});

test('a trigger that empties a key that may be NULL ends the run as well, after one batch', async () => {
  await db.queryAsPostgres('drop table public.users; create table public.users (auth_id uuid unique, email text)');
  await trigger('new.auth_id := null;');
  const config = { target: 'public.users', key: 'auth_id', columns: { email: 'u.email' } };
  const report = await run('sync', { url: db.url, config });
  expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'key_rewritten' }, repair: { inserted: 0 } });
  expect(await count()).toBe(6);
});

test('the source is no target', async () => {
  for (const target of ['auth.users', 'auth."users"']) {
    const report = await run('check', { url: db.url, config: { target } });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'target_is_source' } });
  }
});

const outward = `create schema net authorization postgres;
  create function net.http_post() returns trigger language plpgsql as $$ begin return new; end $$`;

test('a trigger that reaches outside counts for updates as well', async () => {
  await db.query(`insert into public.users (id, email) select id, 'old' from auth.users; ${outward};
    create trigger mail after update on public.users for each row execute function net.http_post()`);
  const config = { ...TEXTBOOK, refresh: ['email'], limits: { triggers: 5 } };
  expect(await run('sync', { url: db.url, config })).toMatchObject({
    verdict: 'refused',
    reason: { code: 'triggers_limit' },
  });
});

test('a trigger on a partition is a trigger on the target; one that cannot fire is none', async () => {
  await db.query(`drop table public.users; ${outward};
    create table public.users (id uuid primary key, email text, full_name text, created_at timestamptz) partition by hash (id);
    create table public.users_0 partition of public.users for values with (modulus 1, remainder 0);
    alter table public.users owner to postgres; alter table public.users_0 owner to postgres;
    create trigger mail after insert on public.users_0 for each row execute function net.http_post()`);
  const config = { ...TEXTBOOK, limits: { triggers: 5 } };
  expect(await run('sync', { url: db.url, config })).toMatchObject({
    verdict: 'refused',
    reason: { code: 'triggers_limit' },
  });
  await db.query('alter table public.users_0 enable replica trigger mail');
  expect(await run('sync', { url: db.url, config })).toMatchObject({ verdict: 'repaired' });
});

test('a function in public does not stand in for one of pg_catalog', async () => {
  await db.queryAsPostgres(`create function public.lower(varchar) returns text language sql as $$ select 'x'::text $$`);
  const config = { ...TEXTBOOK, skip: { where: "lower(u.email) = 'x'" } };
  expect(await run('check', { url: db.url, config })).toMatchObject({ verdict: 'drift', drift: { missing: 6 } });
});

test.each(['57P01', '08006', '53300', '42501', '53100', '28000', '25006'])(
  'a trigger that raises %s for one user speaks of that user alone',
  async (code) => {
    await trigger(`if new.id = '${ids[3]}' then raise exception using errcode = '${code}'; end if;`);
    const report = await run('sync', { url: db.url });
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      residual: { missing: 1 },
      repair: { inserted: 5, failed: 1 },
    });
    expect(report.failures).toMatchObject([{ id: ids[3], code }]);
  },
);

test('a named user whose row is taken back at the commit was not inserted', async () => {
  await db.queryAsPostgres(`create function public.regret() returns trigger language plpgsql as
    $$ begin delete from public.users where id = new.id; return null; end $$;
    create constraint trigger regret after insert on public.users deferrable initially deferred
      for each row execute function public.regret()`);
  const report = await run('sync', { url: db.url, flags: { user: ids.slice(0, 1) } });
  expect(report).toMatchObject({ verdict: 'unrepaired', residual: { missing: 1 } });
  expect(report.users).toMatchObject([{ outcome: 'suppressed' }]);
});

test('a text key under a collation of its own', async () => {
  await db.query(`drop table public.users; create collation public.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    create table public.users (id text collate public.ci primary key, email text, full_name text, created_at timestamptz);
    alter table public.users owner to postgres`);
  expect(await run('sync', { url: db.url })).toMatchObject({ verdict: 'repaired', repair: { inserted: 6 } });
  expect(await run('check', { url: db.url })).toMatchObject({ verdict: 'in_sync', drift: { orphans: 0 } });
});

test('a role that may not insert is told so, and is not told that its configuration is wrong', async () => {
  const role = await db.createRole('bypassrls');
  await db.query(
    `grant usage on schema auth, public to ${role.name}; grant select on auth.users, public.users to ${role.name}`,
  );
  const report = await run('sync', { url: role.url });
  expect(report).toMatchObject({ verdict: 'inconclusive', reason: { code: 'insert_invalid' } });
  expect(report.reason?.fix).toContain('grant');
});
