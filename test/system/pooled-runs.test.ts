import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type Running, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { type PgBouncer, startPgBouncer } from '../support/pgbouncer.ts';

let db: TestDatabase;
let gate: Gate;
let users: string[];

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  gate = await gateBefore(db, 'public.users');
  await canaryCrowd(db, 80);
  users = await idsIn(db, 'auth.users');
});
afterAll(() => db.drop());

/** What the runs through a pooler left in the middle of something. */
const NOT_IDLE = `from pg_stat_activity where datname = current_database() and usename = 'postgres' and pid <> pg_backend_pid()
  and state <> 'idle'`;
const nothingIsLeft = () => until(db, `select where not exists (select ${NOT_IDLE})`);

// In session mode every connection of four runs has one of its own: lock, reader and one writer.
describe.each([
  { mode: 'session', poolSize: 12 },
  { mode: 'transaction', poolSize: 5 },
] as const)('the real CLI through PgBouncer in $mode mode', ({ mode, poolSize }) => {
  let pooler: PgBouncer;
  const options = () => ({ url: pooler.via(db.url), config: PLAIN_CONFIG });
  const sync = (...args: string[]) => start(['sync', '--json', '--batch-size', '10', ...args], options());

  /** A sync that holds the run lock, with batches at the closed gate. */
  async function syncAtGate(...args: string[]): Promise<Running> {
    await gate.close();
    const running = await sync('--concurrency', '2', ...args);
    await gate.crowded(2);
    return running;
  }

  beforeAll(async () => {
    pooler = await startPgBouncer(db.url, { mode, poolSize });
  });
  afterAll(() => pooler[Symbol.asyncDispose]());
  beforeEach(() => db.query('truncate public.users'));

  test('of two at once exactly one works', async () => {
    await gate.close();
    const running = await Promise.all([sync(), sync()]);
    const first = await Promise.race(running.map(({ done }) => done));
    expect(first.json()).toMatchObject({ verdict: 'busy', repair: { scanned: 0 } });
    await gate.open();
    const ends = await Promise.all(running.map(({ done }) => done));
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 3]);
    expect(await idsIn(db)).toEqual(users);
    await nothingIsLeft();
  });

  test('when the holder is killed, the lock is free at once, and the next run does the rest', async () => {
    const running = await syncAtGate();
    running.kill('SIGKILL');
    expect((await running.done).signal).toBe('SIGKILL');
    // The gate is still closed: the statements of the dead are not over yet, and nobody waits for them.
    const next = await sync('--wait', '10s');
    await expect.poll(() => db.query(LOCKS).then(([row]) => row), { timeout: 10_000 }).toEqual({ locks: 1 });
    await gate.open();
    const { code, json } = await next.done;
    expect(json()).toMatchObject({ verdict: 'repaired', residual: { missing: 0 } });
    expect(code).toBe(0);
    expect(await idsIn(db)).toEqual(users);
    await nothingIsLeft();
  });

  test('after SIGTERM the batches in flight settle and nothing stays open', async () => {
    const running = await syncAtGate();
    running.kill('SIGTERM');
    setTimeout(() => void gate.open(), 300);
    const { code, json } = await running.done;
    expect(json()).toMatchObject({ verdict: 'interrupted', repair: { inserted: 20, unresolved: 0 } });
    expect(code).toBe(143);
    await nothingIsLeft();
    expect((await (await sync()).done).code).toBe(0);
    expect(await idsIn(db)).toEqual(users);
  });

  test('a second SIGTERM waits for nothing, and still nothing stays open', async () => {
    const running = await syncAtGate();
    running.kill('SIGTERM');
    await sleep(300);
    running.kill('SIGTERM');
    const { code, json } = await running.done;
    expect(json()).toMatchObject({ verdict: 'interrupted', repair: { inserted: 0, unresolved: 20 } });
    expect(code).toBe(143);
    await gate.open();
    await nothingIsLeft();
    expect((await (await sync('--wait', '10s')).done).code).toBe(0);
    expect(await idsIn(db)).toEqual(users);
  });

  test('four shards work at once', async () => {
    await gate.close();
    const shards = await Promise.all([1, 2, 3, 4].map((i) => sync('--shard', `${i}/4`, '--concurrency', '1')));
    await gate.open();
    const ends = await Promise.all(shards.map(({ done }) => done));
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(ends.reduce((sum, { json }) => sum + json().repair.inserted, 0)).toBe(80);
    expect(await idsIn(db)).toEqual(users);
    await nothingIsLeft();
  });

  test('a pooler that dies and comes back takes nothing with it', async () => {
    const running = await syncAtGate();
    await pooler.kill();
    await gate.open();
    await sleep(1500);
    await pooler.start();
    const { code, json } = await running.done;
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { scanned: 80 }, residual: { missing: 0 } });
    expect(json().batches.retried).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect(await idsIn(db)).toEqual(users);
    await nothingIsLeft();
  });
});

const LOCKS = `select count(*)::int as locks from pg_locks l join pg_database d on d.oid = l.database
  where locktype = 'advisory' and granted and datname = current_database()`;

describe('a pool smaller than writers, reader and run lock together', () => {
  test.each([
    ['transaction', 2],
    ['transaction', 3],
    ['session', 2],
    ['session', 3],
  ] as const)('in %s mode with %i connections: some writers wait, the job gets done', async (mode, poolSize) => {
    await db.query('truncate public.users');
    await gate.open();
    const options = { mode, poolSize, settings: { query_wait_timeout: 2 } };
    await using pooler = await startPgBouncer(db.url, options);
    const at = { url: pooler.via(db.url), config: PLAIN_CONFIG };
    const { code, json } = await run(['sync', '--json', '--batch-size', '10', '--concurrency', '4'], at);
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 80 } });
    expect(code).toBe(0);
  });
});
