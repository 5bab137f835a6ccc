import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/app.ts';
import { authServer, type SignUps } from '../support/auth-server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { expectNoCanary, insertUser } from '../support/people.ts';
import { apply, printed, withClient } from '../support/printed.ts';

const CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', age: `(u.raw_user_meta_data->>'age')::int` },
};
const TABLE = 'create table public.users (id uuid primary key, email text, age int)';

/** As the guides have it: no error is caught. */
const NAIVE = `
create schema guide;
create function guide.naive() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.users (id, email, age) values (new.id, new.email, (new.raw_user_meta_data->>'age')::int)
  on conflict (id) do nothing;
  return new;
end $$;
create trigger naive after insert on auth.users for each row execute function guide.naive();`;

/** A trigger on the table of the app that does this to each row. */
const onUsers = (body: string, kind = 'trigger disturbance after insert on public.users') => `
create function public.disturb() returns trigger language plpgsql set search_path = '' as $$ begin ${body} return new; end $$;
create ${kind} for each row execute function public.disturb();`;

/** What the table does, and the SQLSTATE that comes of it. */
const FAULTS: readonly [name: string, code: string, setup: string][] = [
  ['a value that must not be NULL', '23502', 'alter table public.users alter age set not null'],
  ['a check', '23514', 'alter table public.users add check (email is null)'],
  ['a value that is too long', '22001', 'alter table public.users alter email type varchar(5)'],
  ['a value of another kind', '22P02', ''],
  [
    'a foreign key to another table',
    '23503',
    'create table public.teams (id int primary key); alter table public.users add team int not null default 7 references public.teams',
  ],
  [
    'a unique value that is taken',
    '23505',
    `alter table public.users add role text unique default 'member'; insert into public.users (id) values (gen_random_uuid())`,
  ],
  [
    'a unique value, checked at the commit',
    '23505',
    `alter table public.users add role text default 'member' unique deferrable initially deferred; insert into public.users (id) values (gen_random_uuid())`,
  ],
  [
    'a foreign key, checked at the commit',
    '23503',
    'create table public.teams (id int primary key); alter table public.users add team int not null default 7 references public.teams deferrable initially deferred',
  ],
  [
    'a trigger that fails at the commit',
    'P0001',
    onUsers(
      `raise exception 'late';`,
      'constraint trigger disturbance after insert on public.users deferrable initially deferred',
    ),
  ],
  ['a trigger that raises', 'P0001', onUsers(`raise exception '%', new.email;`)],
  ['an assertion that fails', 'P0004', onUsers('assert false;')],
  ['a trigger that never ends', '54001', onUsers('insert into public.users (id) values (gen_random_uuid());')],
  ['a division by zero', '22012', onUsers('perform 1 / 0;')],
  ['no table', '42P01', 'drop table public.users'],
  ['no schema', '42P01', 'drop schema public cascade'],
  ['no column', '42703', 'alter table public.users drop age'],
  ['a column of another type', '42804', 'alter table public.users alter age type boolean using true'],
  ['no right to insert', '42501', 'revoke all on public.users from postgres'],
  ['a generated column', '428C9', 'alter table public.users drop age, add age int generated always as (1) stored'],
  [
    'a rule beside which on conflict is not possible',
    '0A000',
    'create rule disturbance as on insert to public.users do also notify disturbance',
  ],
  [
    'a key of two columns',
    '42P10',
    'drop table public.users; create table public.users (id uuid, email text, age int, part int default 0, primary key (id, part)) partition by list (part)',
  ],
  [
    'a view that takes no rows',
    '55000',
    'alter table public.users rename to people; create view public.users as select * from public.people limit 1',
  ],
];

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
  await db.query(`drop schema if exists userdrift, guide cascade; drop schema if exists public cascade;
    create schema public authorization postgres; delete from auth.users`);
  await db.queryAsPostgres(TABLE);
});
afterEach(() => void auth.warnings());

async function install(): Promise<void> {
  await db.query('drop schema if exists guide cascade');
  await apply(db, await printed('trigger', CONFIG));
}

/** Metadata that only `a value of another kind` stumbles over. */
const someone = (name: string) => ({ raw_user_meta_data: name === 'a value of another kind' ? { age: 'old' } : {} });

/** Signs up; the warning names this user by id and code and says nothing else. */
async function expectSignUp(code: string, server: SignUps = auth, overrides = {}): Promise<string> {
  const began = performance.now();
  const { id } = await insertUser(server.db, overrides);
  expect(performance.now() - began, 'milliseconds for a sign-up').toBeLessThan(2500);
  const said = server.warnings();
  expectNoCanary(said.join());
  expect(said).toEqual([`userdrift: user ${id} was not copied (${code})`]);
  expect(await db.query('select id from auth.users where id = $1', [id])).toHaveLength(1);
  return id;
}

describe('a sign-up goes on when the table has', () => {
  test.for(FAULTS)('%s (%s)', async ([name, code, setup]) => {
    await db.queryAsPostgres(NAIVE);
    await db.queryAsPostgres(setup);
    await expect(insertUser(auth.db, someone(name)), 'without a net').rejects.toThrow();
    await install();
    await expectSignUp(code, auth, someone(name));
  });

  test('and the job copies who was left out, once the fault is mended', async () => {
    await install();
    await db.queryAsPostgres('alter table public.users add constraint disturbance check (email is null)');
    const id = await expectSignUp('23514');
    await db.queryAsPostgres('alter table public.users drop constraint disturbance');
    const report = await run('sync', { url: db.url, config: CONFIG });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 1 } });
    expect(await db.query('select id from public.users')).toEqual([{ id }]);
  });
});

describe('what else the transaction of a sign-up does', () => {
  test('may still break a constraint that waits for the commit, and mend it', async () => {
    await db.queryAsPostgres(`
      create table public."Teams" (id int primary key);
      create table public.members (team int constraint "of a Team" references public."Teams" deferrable initially deferred);
      create table public.guests (team int, constraint twin foreign key (team) references public."Teams" deferrable initially deferred);
      create table public.hosts (team int, constraint twin foreign key (team) references public."Teams");
      grant usage on schema public to supabase_auth_admin;
      grant all on all tables in schema public to supabase_auth_admin`);
    await install();
    await withClient(db.urlFor('supabase_auth_admin'), async (client) => {
      await client.query('begin');
      await client.query(`insert into auth.users (id, email) values (gen_random_uuid(), 'someone@example.com')`);
      await client.query('insert into public.members values (7)');
      await client.query('insert into public."Teams" values (7)');
      await client.query('commit');
    });
    expect(await db.query('select email from public.users')).toEqual([{ email: 'someone@example.com' }]);
  });
});

describe('a sign-up waits a second at most for', () => {
  /** While another session holds what `sql` took. */
  async function while_(sql: string, work: () => Promise<void>): Promise<void> {
    await withClient(db.url, async (other) => {
      await other.query('begin');
      await other.query(sql);
      await work();
      await other.query('rollback');
    });
  }

  test.for<[string, string, string]>([
    ['a table that somebody locks', '', 'lock table public.users in access exclusive mode'],
    [
      'a unique value that somebody is about to take',
      `alter table public.users add role text unique default 'member'`,
      'insert into public.users (id) values (gen_random_uuid())',
    ],
  ])('%s', async ([, setup, held]) => {
    await db.queryAsPostgres(setup);
    await db.queryAsPostgres(NAIVE);
    const hasty = authServer(db, '-c statement_timeout=1200ms');
    await while_(held, async () => {
      await expect(insertUser(hasty.db), 'waits for longer').rejects.toThrow('statement timeout');
    });
    await hasty.end();
    await install();
    await while_(held, async () => void (await expectSignUp('55P03')));
  });
});

describe('a sign-up goes on when it is cancelled in the middle of the copy, by', () => {
  const SLOW = onUsers('perform pg_catalog.pg_sleep(20);');

  test('its statement timeout', async () => {
    const hasty = authServer(db, '-c statement_timeout=300ms');
    await db.queryAsPostgres(NAIVE + SLOW);
    await expect(insertUser(hasty.db)).rejects.toThrow('statement timeout');
    await install();
    await expectSignUp('57014', hasty);
    await hasty.end();
  });

  test('a person', async () => {
    await db.queryAsPostgres(SLOW);
    await install();
    const signUp = expectSignUp('57014');
    signUp.catch(() => {});
    const asleep = `usename = 'supabase_auth_admin' and datname = current_database() and wait_event = 'PgSleep'`;
    await until(db, `select from pg_stat_activity where ${asleep}`);
    await db.query(`select pg_cancel_backend(pid) from pg_stat_activity where ${asleep}`);
    await signUp;
  });
});
