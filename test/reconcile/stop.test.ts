import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { Interruption } from '../../src/reconcile/stop.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK_TABLE } from '../support/job.ts';

const WAIT = { timeout: 15_000 };
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});

const releases: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) await release();
});

const count = async () => Number((await db.query('select count(*) from public.users'))[0]?.count);

/** Runs a statement in a transaction that stays open until it is let go. */
async function barrier(statement: string): Promise<() => Promise<void>> {
  const holder = await db.admin.connect();
  let held = true;
  const release = async () => {
    if (!held) return;
    held = false;
    await holder.query('rollback');
    holder.release();
  };
  releases.push(release);
  await holder.query(`begin; ${statement}`);
  return release;
}

const blocked = () =>
  db.query(
    `select from pg_stat_activity where wait_event_type = 'Lock' and query like 'with written%' and datname = current_database()`,
  );

test('a batch in flight settles to its last id, also while it is being split', async () => {
  const ids = await crowd(db, 3000);
  await db.query('update auth.users set email = null where id = $1', [ids[400]]);
  await db.query('alter table public.users alter email set not null');
  const stop = new AbortController();
  const report = await run('backfill', {
    url: db.url,
    flags: { concurrency: 1 },
    stop: stop.signal,
    progress: ({ done }) => {
      if (done > 0) stop.abort(new Interruption('SIGTERM'));
    },
  });
  expect(report).toMatchObject({ verdict: 'interrupted', exitCode: 143, reason: { code: 'interrupted' } });
  expect(report.repair).toMatchObject({ failed: 1, unresolved: 0 });
  expect(report.repair.scanned).toBeLessThan(3000);
  expect(report.repair.inserted).toBe(await count());
  expect(report.residual.missing).toBeNull();
  expect(await run('backfill', { url: db.url })).toMatchObject({ verdict: 'unrepaired', residual: { missing: 1 } });
});

test('a deadline is failed, 1, with a partial report', async () => {
  await crowd(db, 10);
  const release = await barrier('insert into public.users (id) select id from auth.users');
  const stop = new AbortController();
  const running = run('backfill', { url: db.url, stop: stop.signal });
  await expect.poll(blocked, WAIT).not.toEqual([]);
  stop.abort(new Fault('deadline', 'the deadline passed'));
  await release();
  expect(await running).toMatchObject({
    verdict: 'failed',
    exitCode: 1,
    reason: { code: 'deadline' },
    repair: { inserted: 10 },
  });
});

test('a hurry abandons what is in flight and calls it unresolved', async () => {
  await crowd(db, 10);
  const release = await barrier('insert into public.users (id) select id from auth.users');
  const stop = new AbortController();
  const hurry = new AbortController();
  const running = run('backfill', { url: db.url, stop: stop.signal, hurry: hurry.signal });
  await expect.poll(blocked, WAIT).not.toEqual([]);
  stop.abort(new Interruption('SIGINT'));
  hurry.abort();
  expect(await running).toMatchObject({
    verdict: 'interrupted',
    exitCode: 130,
    repair: { scanned: 10, unresolved: 10 },
  });
  await release();
});

test('a check that waits for a lock ends at once', async () => {
  await crowd(db, 1);
  await barrier('lock table auth.users in access exclusive mode');
  const stop = new AbortController();
  const running = run('check', { url: db.url, stop: stop.signal });
  await expect
    .poll(
      () => db.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`),
      WAIT,
    )
    .not.toEqual([]);
  const stopped = performance.now();
  stop.abort(new Interruption('SIGINT'));
  expect(await running).toMatchObject({ verdict: 'interrupted', exitCode: 130 });
  expect(performance.now() - stopped).toBeLessThan(3000);
});

test('who was stopped while waiting for the run lock leaves no lock behind', async () => {
  await crowd(db, 1);
  const rival = await db.admin.connect();
  await rival.query('begin');
  await rival.query(`select pg_advisory_xact_lock(hashtextextended('userdrift "public"."users"', 0))`);
  const stop = new AbortController();
  const running = run('sync', { url: db.url, stop: stop.signal, flags: { wait: 60_000 } });
  setTimeout(() => stop.abort(new Interruption('SIGINT')), 300);
  expect(await running).toMatchObject({ verdict: 'interrupted' });
  await rival.query('rollback');
  rival.release();
  expect(await run('sync', { url: db.url })).toMatchObject({ verdict: 'repaired' });
});

test('connections that are cut in the middle of a run are opened again, and nobody is lost', async () => {
  await crowd(db, 20_000);
  let cuts = 0;
  const report = await run('backfill', {
    url: db.url,
    flags: { batchSize: 500 },
    progress: ({ done }) => {
      if (done < cuts * 4000) return;
      cuts += 1;
      void db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'userdrift:%' and datname = current_database()`,
      );
    },
  });
  expect(cuts).toBeGreaterThan(2);
  expect(report).toMatchObject({ verdict: 'repaired', residual: { missing: 0 }, repair: { failed: 0, unresolved: 0 } });
  expect(report.batches.retried).toBeGreaterThan(0);
  expect(await count()).toBe(20_000);
});
