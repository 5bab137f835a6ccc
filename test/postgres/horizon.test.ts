import { afterAll, beforeAll, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK_TABLE } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  // Three epochs and more: the last is not read yet when the first batch is written.
  await crowd(db, 30_500);
  await db.query('vacuum (analyze) auth.users');
});
afterAll(() => db.drop());

test('who comes after the first measure does not stand in for who logs in before being read', async () => {
  const comes = async () => {
    await db.query(`insert into auth.users (id, created_at) values (gen_random_uuid(), now() - interval '1 year')`);
    return true;
  };
  let login: Promise<unknown> | null = null;
  const report = await run('backfill', {
    url: db.url,
    confirm: comes,
    wrap: beforeWrite(async () => {
      login ??= db.query(`update auth.users set last_sign_in_at = now() where id = (
        select id from auth.users where created_at > now() - interval '1 week' order by ctid desc limit 1)`);
      await login;
    }),
  });
  expect(report).toMatchObject({
    verdict: 'repaired',
    drift: { missing: 30_500 },
    repair: { scanned: 30_501, inserted: 30_501 },
    residual: { missing: 0 },
  });
});
