import { readFileSync } from 'node:fs';
import Cursor from 'pg-cursor';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Port } from '../../src/port.ts';
import { createTable } from '../support/app.ts';
import { start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { eachMissing, onTables } from '../support/on-tables.ts';

const COUNT = 300_000;
const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };
const CONCURRENCY = 3;
const BATCH = 1000;
/** What the reader may hold: an epoch, the one that is read ahead, and what was left of the one before. */
const READER = 20_000 + BATCH;
/** And what it has handed out and is not settled: a batch for each writer and one pulled ahead. */
const HANDED_OUT = (CONCURRENCY + 1) * BATCH;

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, 'id uuid primary key, email text');
  await db.query(
    `insert into auth.users (id, email, created_at)
     select gen_random_uuid(), n || '@example.org', now() - interval '1 day' from generate_series(1, $1::int) n`,
    [COUNT],
  );
  await db.query('vacuum analyze auth.users');
});
afterAll(() => db.drop());
beforeEach(() => db.query('truncate public.users'));

/** The most memory that a process has had, in MB; null where the system does not tell. */
function peakOf(pid: number | undefined): number | null {
  try {
    // A process that has ended and is not yet collected has a status without it.
    const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? null : Number(kilobytes) / 1024;
  } catch {
    return null;
  }
}

test(`${COUNT} missing users, within a heap of 64 MB`, async () => {
  const env = { NODE_OPTIONS: '--max-old-space-size=64' };
  const running = await start(['backfill', '--json', '--yes'], { url: db.url, config: CONFIG, env, timeout: 110_000 });
  let peak: number | null = null;
  const looking = setInterval(() => {
    peak = peakOf(running.child.pid) ?? peak;
  }, 50);
  const { json, code } = await running.done.finally(() => clearInterval(looking));
  expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT }, residual: { missing: 0 } });
  expect(code).toBe(0);
  process.stdout.write(
    `peak memory ${peak === null ? 'unknown' : `${Math.round(peak)} MB`}, ${json().rowsPerSecond} rows per second\n`,
  );
});

/** Counts the ids that the job holds: read from the server and not settled yet, and how many of them are handed out. */
function countIds() {
  const most = { held: 0, handedOut: 0 };
  let held = 0;
  let handedOut = 0;
  const read: unknown = Reflect.get(Cursor.prototype, 'read');
  if (typeof read !== 'function') throw new TypeError('pg-cursor has no read');
  Reflect.set(Cursor.prototype, 'read', async function (this: Cursor, ...asked: unknown[]): Promise<unknown[]> {
    const rows: { ids: string | null }[] = await Reflect.apply(read, this, asked);
    for (const { ids } of rows) held += ids?.split(',').length ?? 0;
    most.held = Math.max(most.held, held);
    return rows;
  });
  const seen = eachMissing((ids) => {
    handedOut += ids.length;
    most.handedOut = Math.max(most.handedOut, handedOut);
    return ids;
  });
  const settled = onTables((tables) => {
    const write = tables.write.bind(tables);
    tables.write = async function* (...batch) {
      for await (const outcomes of write(...batch)) {
        held -= outcomes.length;
        handedOut -= outcomes.length;
        yield outcomes;
      }
    };
  });
  return {
    most,
    left: () => [held, handedOut],
    wrap: (port: Port) => settled(seen(port)),
    [Symbol.dispose]: () => void Reflect.set(Cursor.prototype, 'read', read),
  };
}

test.each([
  ['fast', 0],
  ['slow', 0.25],
])('with %s writers, no more ids are held than the bound', async (_, seconds) => {
  if (seconds > 0) {
    await db.queryAsPostgres(`
      create function public.slow() returns trigger language plpgsql as $$
        begin perform pg_catalog.pg_sleep(${seconds}); return null; end $$;
      create trigger slow before insert on public.users for each statement execute function public.slow()`);
  }
  using ids = countIds();
  const flags = { batchSize: BATCH, concurrency: CONCURRENCY };
  const report = await run('backfill', { url: db.url, config: CONFIG, flags, wrap: ids.wrap });
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT } });
  expect(ids.left()).toEqual([0, 0]);
  expect(ids.most.held).toBeGreaterThanOrEqual(10_000);
  expect(ids.most.held).toBeLessThanOrEqual(READER + HANDED_OUT);
  expect(ids.most.handedOut).toBeGreaterThan(BATCH);
  expect(ids.most.handedOut).toBeLessThanOrEqual(HANDED_OUT);
  process.stdout.write(`most ids held ${ids.most.held}, of them handed out ${ids.most.handedOut}\n`);
});
