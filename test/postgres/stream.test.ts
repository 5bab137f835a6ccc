import { afterAll, beforeAll, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK_TABLE } from '../support/job.ts';

let db: TestDatabase;
let ids: string[];

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  ids = await crowd(db, 60_000);
  await db.query('analyze auth.users');
});
afterAll(() => db.drop());

const missing = async () =>
  (
    await db.query<{ id: string }>(
      'select id from auth.users u where not exists (select from public.users p where p.id = u.id) order by id',
    )
  ).map(({ id }) => id);

test('60,000 missing users take several epochs; the nil and the last uuid are uuids', async () => {
  const edges = ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
  await db.query(`insert into auth.users (id, created_at) select unnest($1::uuid[]), now() - interval '1 day'`, [
    edges,
  ]);
  const report = await run('backfill', { url: db.url });
  expect(report).toMatchObject({
    verdict: 'repaired',
    repair: { scanned: 60_002, inserted: 60_002, alreadyPresent: 0 },
  });
  expect(report.batches.count).toBe(61);
  expect(await missing()).toEqual([]);
});

test('shards together find everybody once', async () => {
  await db.query('delete from public.users where id = any($1)', [ids.filter((_, index) => index % 3 === 0)]);
  const reports = [];
  for (const index of [1, 2, 3]) {
    reports.push(await run('backfill', { url: db.url, flags: { shard: { index, count: 3 }, batchSize: 777 } }));
  }
  expect(reports.map(({ verdict }) => verdict)).toEqual(['repaired', 'repaired', 'repaired']);
  expect(reports.reduce((sum, { repair }) => sum + repair.inserted, 0)).toBe(20_000);
  expect(reports.reduce((sum, { source }) => sum + (source.total ?? 0), 0)).toBe(60_002);
  expect(await missing()).toEqual([]);
});

test('excluded users between the missing ones are neither written nor in the way', async () => {
  await db.query('delete from public.users');
  await db.query('update auth.users set is_anonymous = true where id = any($1)', [
    ids.filter((_, index) => index % 100 !== 0),
  ]);
  const report = await run('backfill', { url: db.url });
  expect(report).toMatchObject({
    verdict: 'repaired',
    drift: { missing: 602 },
    repair: { scanned: 602, inserted: 602 },
  });
  expect(report.batches.count).toBe(1);
  expect(await run('check', { url: db.url })).toMatchObject({ verdict: 'in_sync', excluded: { anonymous: 59_400 } });
});

test('a text key is streamed and written as id::text', async () => {
  await db.query('drop table public.users');
  await db.queryAsPostgres(
    'create table public.users (id text primary key, email text, full_name text, created_at timestamptz)',
  );
  await db.query(`insert into public.users values ('auth0|somebody')`);
  const report = await run('backfill', { url: db.url });
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 602 }, drift: { orphans: 0 } });
  expect(await run('sync', { url: db.url })).toMatchObject({ verdict: 'in_sync' });
  await db.query(`insert into public.users values (upper('${ids[1]}'))`);
  expect(await run('check', { url: db.url })).toMatchObject({
    verdict: 'refused',
    exitCode: 4,
    reason: { code: 'key_not_canonical' },
  });
});
