import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Port } from '../../src/port.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK_TABLE } from '../support/job.ts';

let db: TestDatabase;
const target = { schema: 'public', name: 'users' };
const full = { since: null, shard: null };
const shard = (index: number, count: number) => ({ since: null, shard: { index, count } });

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  await crowd(db, 1);
});
afterAll(() => db.drop());

async function withPort<T>(work: (port: Port) => Promise<T>): Promise<T> {
  const port = await openPostgres(parseAddress(db.url, { rootCert: null }), {
    runId: 'LOCKTEST',
    concurrency: 1,
    signal: new AbortController().signal,
    onRetry: () => {},
  });
  try {
    return await work(port);
  } finally {
    await port.close('settle');
  }
}

test('while one run holds the lock another is busy, check and dry run are not; then it is free', async () => {
  await withPort(async (port) => {
    const lease = await port.lease(target, full, 0);
    expect(lease).not.toBeNull();
    expect(
      await port.lease({ schema: 'public', name: 'profiles' }, full, 0).then((other) => other?.release()),
    ).toBeUndefined();
    expect(await run('sync', { url: db.url })).toMatchObject({ verdict: 'busy', exitCode: 3, repair: { scanned: 0 } });
    expect(await run('check', { url: db.url })).toMatchObject({ verdict: 'drift' });
    expect(await run('sync', { url: db.url, flags: { dryRun: true } })).toMatchObject({ verdict: 'drift' });
    setTimeout(() => void lease?.release(), 700);
    expect(await run('sync', { url: db.url, flags: { wait: 10_000 } })).toMatchObject({ verdict: 'repaired' });
  });
});

test('shards exclude themselves and full runs, not each other', async () => {
  await withPort(async (port) => {
    const first = await port.lease(target, shard(1, 2), 0);
    const second = await port.lease(target, shard(2, 2), 0);
    expect([first === null, second === null]).toEqual([false, false]);
    expect(await port.lease(target, shard(1, 2), 0)).toBeNull();
    expect(await port.lease(target, full, 0)).toBeNull();
    await first?.release();
    expect(await port.lease(target, full, 0)).toBeNull();
    await second?.release();
    const whole = await port.lease(target, full, 0);
    expect(whole).not.toBeNull();
    expect(await port.lease(target, shard(1, 2), 0)).toBeNull();
    await whole?.release();
  });
});

test('the lock holds no snapshot and no lock on a relation', async () => {
  await withPort(async (port) => {
    const lease = await port.lease(target, full, 0);
    const held = await db.query(`
      select a.state, a.backend_xmin, (select count(*)::int from pg_locks r where r.pid = l.pid and r.locktype = 'relation') as relations
      from pg_locks l join pg_stat_activity a on a.pid = l.pid
      where l.locktype = 'advisory' and a.datname = current_database()`);
    expect(held).toEqual([{ state: 'idle in transaction', backend_xmin: null, relations: 0 }]);
    await lease?.release();
  });
});

const LOCKS = `from pg_locks l join pg_database d on d.oid = l.database
  where locktype = 'advisory' and datname = current_database()`;
const KILL = `select pg_terminate_backend(pid) ${LOCKS} and granted`;
const holders = () => db.query<{ pid: number }>(`select pid ${LOCKS} and granted`);

/** A session that waits for the lock, which it will have before anybody who only tries. */
async function inQueue() {
  const rival = await db.admin.connect();
  await rival.query('begin');
  const won = rival.query(`select pg_advisory_xact_lock(hashtextextended('userdrift "public"."users"', 0))`);
  await expect.poll(() => db.query(`select ${LOCKS} and not granted`)).toHaveLength(1);
  return { rival, won };
}

test('a lock that fell with its connection is taken again; if another run has it by then, the run is told', async () => {
  await withPort(async (port) => {
    const lease = await port.lease(target, full, 0);
    const [first] = await holders();
    await db.query(KILL);
    // Asking for the lease here would be a rival of its own.
    await expect.poll(async () => (await holders()).filter(({ pid }) => pid !== first?.pid)).toHaveLength(1);
    expect(lease?.lost.aborted).toBe(false);
    // Another session is already waiting in the queue, so it is faster than any retake.
    const { rival, won } = await inQueue();
    await db.query(KILL);
    await won;
    await expect.poll(() => lease?.lost.aborted, { timeout: 5000 }).toBe(true);
    expect(lease?.lost.reason).toMatchObject({ code: 'lock_lost' });
    await rival.query('rollback');
    rival.release();
    await lease?.release();
  });
});

test('a lock that is free a moment after it fell, as when the server is slow to see its holder go, is not lost', async () => {
  await withPort(async (port) => {
    const lease = await port.lease(target, full, 0);
    const { rival, won } = await inQueue();
    await db.query(KILL);
    await won;
    await sleep(100);
    await rival.query('rollback');
    rival.release();
    await expect.poll(holders).toHaveLength(1);
    expect(lease?.lost.aborted).toBe(false);
    await lease?.release();
  });
});
