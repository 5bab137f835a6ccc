import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';
import { display } from '../../src/sql/name.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { filesIn, projectWith, runInit } from '../support/init.ts';
import { run } from '../support/job.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());
beforeEach(() => db.query('drop schema public cascade; create schema public authorization postgres'));

const REF = 'references auth.users';

/** The target and the key that init takes: the target is that of the job, where the job finds one. */
async function found(ddl: string): Promise<string> {
  await db.queryAsPostgres(ddl);
  const directory = await projectWith();
  const { code } = await runInit(db.url, directory);
  expect(code).toBe(0);
  const { target, key } = parseConfig((await filesIn(directory))['userdrift.config.json'] ?? '', 'test');
  const name = target ? display(target) : '';
  const check = await run('check', { url: db.url, transport: 'postgres', config: {} });
  if (check.reason?.code !== 'target_unknown' && !ddl.includes('trigger')) expect(check.target).toBe(name);
  return `${name} ${key}`;
}

async function unclear(ddl: string): Promise<Fault> {
  await db.queryAsPostgres(ddl);
  const directory = await projectWith();
  const fault: unknown = await runInit(db.url, directory).catch((error: unknown) => error);
  expect(await filesIn(directory)).toEqual({});
  if (!(fault instanceof Fault)) throw fault;
  return fault;
}

describe('the table', () => {
  test.each([
    ['references auth.users', `create table public.users (id uuid primary key ${REF})`, 'public.users id'],
    ['has a usual name alone', 'create table public.profiles (id uuid primary key, email text)', 'public.profiles id'],
    [
      'is quoted',
      `create table public."Profile" ("userId" uuid unique ${REF}, "fullName" text)`,
      'public."Profile" userId',
    ],
    [
      'is called otherwise',
      `create table public.members (user_id uuid primary key ${REF}, name text)`,
      'public.members user_id',
    ],
    ['has a text key', 'create table public.users (id text primary key, email text)', 'public.users id'],
    [
      'has an id of its own',
      `create table public.accounts (id bigserial primary key, auth_id uuid unique ${REF}, email text)`,
      'public.accounts auth_id',
    ],
    [
      'has one row for each user',
      `create table public.customers (id bigserial primary key, user_id uuid ${REF}, email text);
      create table public.accounts (user_id uuid unique ${REF})`,
      'public.accounts user_id',
    ],
    [
      'stands beside what users own',
      `create table public.users (id uuid primary key ${REF}, invited_by uuid ${REF});
      create table public.posts (id uuid primary key, user_id uuid ${REF});
      create table public.settings (user_id uuid primary key ${REF})`,
      'public.users id',
    ],
    [
      'is filled by a trigger, whatever its name',
      `create table public.creators (id uuid primary key, handle text);
      create table public.users (id uuid primary key ${REF});
      create function public.on_sign_up() returns trigger language plpgsql security definer as
        'begin insert into public.creators (id) values (new.id); return new; end';
      create trigger a after insert on auth.users for each row execute function public.on_sign_up();
      drop table public.users`,
      'public.creators id',
    ],
    [
      'is filled by a trigger, of two that could be',
      `create table public.users (id uuid primary key ${REF}, email text);
      create table public.profiles (id uuid primary key ${REF}, email text);
      create function public.on_sign_up() returns trigger language plpgsql security definer as
        'begin insert into public.profiles (id) values (new.id); return new; end';
      create trigger a after insert on auth.users for each row execute function public.on_sign_up()`,
      'public.profiles id',
    ],
  ])('that %s', async (_, ddl, expected) => expect(await found(ddl)).toBe(expected));
});

test('behind a view as the source', async () => {
  await db.queryAsPostgres(`create table public.users (id uuid primary key ${REF}, email text)`);
  await db.query(`create view public.sources as select * from auth.users; grant select on public.sources to postgres`);
  const directory = await projectWith({ 'userdrift.config.json': '{ "source": "public.sources" }' });
  await runInit(db.url, directory, { yes: true, force: true });
  expect((await filesIn(directory))['userdrift.config.json']).toContain('"target": "public.users"');
});

test('several are listed as commands, none with what to do', async () => {
  const several = await unclear(
    `create table public.users (id uuid primary key ${REF}); create table public."Profile" (id uuid primary key ${REF})`,
  );
  expect(several).toMatchObject({ code: 'target_unknown', verdict: 'failed' });
  expect(several.fix).toBe(
    `name it: userdrift init --target 'public."Profile"' --key id | userdrift init --target public.users --key id`,
  );
  await db.queryAsPostgres('drop table public.users, public."Profile"');
  expect((await unclear('create table public.posts (id uuid primary key)')).fix).toContain('--target public.users');
});

test('two columns of one table that could be the key are a question', async () => {
  const fault = await unclear(`create table public.users (no int, a uuid unique ${REF}, b uuid unique ${REF})`);
  expect(fault.fix).toBe(
    'name it: userdrift init --target public.users --key a | userdrift init --target public.users --key b',
  );
});
