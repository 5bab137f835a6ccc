import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await crowd(db, 3);
});
afterAll(() => db.drop());
beforeEach(() =>
  db.query(
    'drop schema public cascade; create schema public authorization postgres; drop schema if exists app cascade',
  ),
);

const check = (flags = {}) => run('check', { url: db.url, config: {}, flags });
const fixOf = async (flags = {}) => {
  const report = await check(flags);
  expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, target: '', reason: { code: 'target_unknown' } });
  return report.reason?.fix;
};

test('the one table that references auth.users and has a usual name is the target, with its own key', async () => {
  await db.queryAsPostgres(`
    create table public.posts (id uuid primary key, author uuid references auth.users (id));
    create table public."Profile" (pk int primary key, user_id uuid unique references auth.users (id), invited_by uuid references auth.users (id))`);
  expect(await check()).toMatchObject({ verdict: 'drift', target: 'public."Profile"', drift: { missing: 3 } });
  expect(await run('sync', { url: db.url, config: { columns: { pk: '(random() * 1e9)::int' } } })).toMatchObject({
    verdict: 'repaired',
    target: 'public."Profile"',
    repair: { inserted: 3 },
  });
});

test('several, or none with a usual name: all that could be it, as commands', async () => {
  await db.queryAsPostgres(`create table public.members (user_id uuid primary key references auth.users (id))`);
  expect(await fixOf()).toContain('userdrift check --target public.members --key user_id');
  await db.queryAsPostgres(`
    create table public.users (id uuid primary key references auth.users (id));
    create schema app;
    create table app."User" (id uuid primary key references auth.users (id))`);
  const fix = await fixOf();
  expect(fix).toContain(`userdrift check --target 'app."User"' --key id`);
  expect(fix).toContain('userdrift check --target public.users --key id');
  expect(await check({ target: 'app."User"' })).toMatchObject({ verdict: 'drift', target: 'app."User"' });
});

test('a usual name without a foreign key is shown, not taken; without any table the flag is named', async () => {
  expect(await fixOf()).toContain('--target public.users');
  await db.queryAsPostgres('create table public.users (id uuid primary key)');
  expect(await fixOf()).toBe('name it: userdrift check --target public.users --key id');
});

test('two unique references in one table need a key', async () => {
  await db.queryAsPostgres(`create table public.users (
    id uuid primary key references auth.users (id), twin uuid unique references auth.users (id))`);
  expect(await fixOf()).toContain('--key twin');
  expect(await check({ key: 'id' })).toMatchObject({ verdict: 'drift', target: 'public.users' });
});
