import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';

let db: TestDatabase;
let ids: string[];

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  ids = await crowd(db, 50);
});
afterAll(() => db.drop());

/** A sync that meets the lock when it comes to write: the proof of the mapping has passed. */
async function syncAgainst(holder: PoolClient) {
  let locked = false;
  const wrap = beforeWrite(async () => {
    if (!locked) await holder.query('begin; lock table public.users in share mode');
    locked = true;
  });
  return run('sync', { url: db.url, config: PLAIN_CONFIG, wrap });
}

const WAITING = `select from pg_locks where not granted and relation = 'public.users'::regclass`;

describe('somebody holds a lock on the target', () => {
  test('for longer than the run lets a statement wait, and not for ever: the run waits its turn', async () => {
    const holder = await db.admin.connect();
    const running = syncAgainst(holder);
    await until(db, WAITING);
    await sleep(7000);
    expect(await idsIn(db)).toEqual([]);
    await holder.query('rollback');
    holder.release();
    const report = await running;
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 50, failed: 0 } });
    expect(report.batches.retried).toBeGreaterThan(0);
    expect(await idsIn(db)).toEqual(ids);
  });

  test('for ever: the run gives up, nobody counts as failed, and the next one does the work', async () => {
    await db.query('delete from public.users');
    const holder = await db.admin.connect();
    const report = await syncAgainst(holder);
    await holder.query('rollback');
    holder.release();
    expect(report).toMatchObject({
      verdict: 'failed',
      reason: { code: 'retry_budget_spent' },
      repair: { inserted: 0, failed: 0, unresolved: 50 },
    });
    expect(await run('sync', { url: db.url, config: PLAIN_CONFIG })).toMatchObject({ verdict: 'repaired' });
    expect(await idsIn(db)).toEqual(ids);
  });
});
