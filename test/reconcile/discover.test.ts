import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

test('two references with usual names need a key', async () => {
  await db.queryAsPostgres(`create table public.users (
    id uuid primary key references auth.users (id), auth_id uuid unique references auth.users (id))`);
  expect(await fixOf()).toContain('--key auth_id');
  expect(await check({ key: 'id' })).toMatchObject({ verdict: 'drift', target: 'public.users' });
});

describe('which column of it holds the auth id', () => {
  const ID = 'id uuid primary key default gen_random_uuid()';
  const REFERENCE = 'references auth.users (id)';
  const cases: { name: string; columns: string; rows?: string; key: string | null }[] = [
    {
      name: 'the one that references auth.users',
      columns: `${ID}, user_id uuid unique ${REFERENCE}`,
      rows: 'user_id',
      key: 'user_id',
    },
    {
      name: 'also where it has an unusual name',
      columns: `${ID}, account uuid unique ${REFERENCE}`,
      rows: 'account',
      key: 'account',
    },
    {
      name: 'not who invited whom',
      columns: `id uuid primary key, invited_by uuid ${REFERENCE}`,
      rows: 'id',
      key: 'id',
    },
    {
      name: 'the unique one of two',
      columns: `id uuid primary key ${REFERENCE}, user_id uuid ${REFERENCE}`,
      rows: 'id',
      key: 'id',
    },
    { name: 'two that could be it', columns: `id uuid primary key, manager uuid unique ${REFERENCE}`, key: null },
    {
      name: 'two that reference',
      columns: `id uuid primary key ${REFERENCE}, user_id uuid unique ${REFERENCE}`,
      key: null,
    },
  ];

  test.each(cases)('$name', async ({ columns, rows, key }) => {
    await db.queryAsPostgres(`create table public.users (${columns})`);
    if (rows) await db.query(`insert into public.users (${rows}) select id from auth.users limit 2`);
    for (const flags of [{}, { target: 'public.users' }]) {
      const report = await check(flags);
      if (key === null) {
        expect(report.reason).toMatchObject({
          code: 'target_unknown',
          message: 'several columns of public.users could hold the auth id',
          fix: expect.stringMatching(
            /--target public\.users --key \w+ \| userdrift check --target public\.users --key \w+/,
          ),
        });
      } else expect(report.drift.missing).toBe(1);
    }
    const named = await check({ target: 'public.users', key: 'id' });
    expect(named.drift.missing).toBe(rows === 'id' ? 1 : 3);
  });

  test('of a table without any reference it is id, and what the configuration says is never overruled', async () => {
    await db.queryAsPostgres(
      `create table public.members (${ID}, user_id uuid unique ${REFERENCE}); create table public.users (id uuid primary key)`,
    );
    expect((await check({ target: 'public.users' })).drift.missing).toBe(3);
    const config = { target: 'public.members', key: 'id' };
    expect(await run('check', { url: db.url, config })).toMatchObject({ drift: { missing: 3 } });
  });
});
