import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Server, startServer } from '../../src/demo/server.ts';
import { createTable, idsIn } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { buildTemplate } from '../support/global-setup.ts';
import { run } from '../support/job.ts';

const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };

let server: Server;
let db: TestDatabase;
let gate: Gate;
let users: string[];

beforeAll(async () => {
  // An immediate shutdown may lose what was not synced, and then the oracle would be wrong, not the job.
  server = await startServer({ settings: { fsync: true, synchronous_commit: true } });
  await buildTemplate(server);
  db = await createDatabase(server.superuser);
  await createTable(db, 'id uuid primary key references auth.users (id) on delete cascade, email text');
  users = await crowd(db, 300);
  gate = await gateBefore(db, 'public.users');
});
afterAll(async () => {
  await db.drop();
  await server.stop();
});
beforeEach(async () => {
  await db.query('truncate public.users');
  await gate.close();
});
afterEach(() => gate.open());

/** Strikes while three batches stand at the closed gate. */
async function backfillDuring(disaster: () => Promise<void>): Promise<void> {
  const flags = { batchSize: 20, concurrency: 3 };
  const working = run('backfill', { url: db.url, config: CONFIG, flags });
  await gate.crowded(3);
  await disaster();
  await gate.open();
  const report = await working;
  expect(report).toMatchObject({
    verdict: 'repaired',
    exitCode: 0,
    repair: { scanned: 300, failed: 0, unresolved: 0 },
    residual: { missing: 0 },
  });
  expect(report.batches.retried).toBeGreaterThan(0);
  expect(await idsIn(db)).toEqual(users);
}

test('the server restarts, fast shutdown', () => backfillDuring(() => server.restart()));

test('the server restarts, immediate shutdown and recovery', () =>
  backfillDuring(async () => {
    process.kill(server.pid, 'SIGQUIT');
    await server.restart();
  }));

test('a backend is killed with SIGKILL: the server throws everybody out and recovers', () =>
  backfillDuring(async () => {
    const [writer] = await db.query<{ pid: number }>(
      `select pid from pg_stat_activity where wait_event = 'PgSleep' and query ~ '^with written' limit 1`,
    );
    process.kill(writer?.pid ?? 0, 'SIGKILL');
    const patience = { timeout: 20_000 };
    await expect.poll(() => server.log(), patience).toContain('all server processes terminated; reinitializing');
    await expect.poll(() => db.query('select 1').catch(() => null), patience).not.toBeNull();
  }));

test('the server restarts while nobody waits for it: rows that were acknowledged are there', async () => {
  await gate.open();
  const flags = { batchSize: 10, concurrency: 2 };
  let restarted: Promise<void> | null = null;
  const report = await run('backfill', {
    url: db.url,
    config: CONFIG,
    flags,
    progress: ({ done }) => {
      if (done >= 50) restarted ??= server.restart();
    },
  });
  await restarted;
  expect(report).toMatchObject({ verdict: 'repaired', repair: { scanned: 300 }, residual: { missing: 0 } });
  expect(await idsIn(db)).toEqual(users);
});
