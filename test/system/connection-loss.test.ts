import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { AS_THEY_LIE, aged } from '../support/heap.ts';
import { type Asked, run } from '../support/job.ts';

const COUNT = 300;
const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };

let db: TestDatabase;
let users: string[];
let proxy: FaultProxy;
let gate: Gate;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, 'id uuid primary key references auth.users (id) on delete cascade, email text');
  users = await crowd(db, COUNT);
  gate = await gateBefore(db, 'public.users');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('truncate public.users');
  await gate.open();
  proxy = await startFaultProxy(db.url);
});
afterEach(() => proxy[Symbol.asyncDispose]());

/** A backfill through the proxy, in batches of 20, by three writers. */
function backfill(asked: Partial<Asked> & { hint?: string } = {}) {
  const { hint = '', flags, ...rest } = asked;
  const url = `${proxy.via(db.url)}${hint}`;
  return run('backfill', { url, config: CONFIG, flags: { batchSize: 20, concurrency: 3, ...flags }, ...rest });
}

async function expectAll(report: Awaited<ReturnType<typeof run>>): Promise<void> {
  expect(report).toMatchObject({
    verdict: 'repaired',
    exitCode: 0,
    repair: { scanned: COUNT, failed: 0, vanished: 0, unresolved: 0 },
    residual: { missing: 0 },
    failuresTotal: 0,
  });
  const { inserted, alreadyPresent } = report.repair;
  expect(inserted + alreadyPresent).toBe(COUNT);
  expect(await idsIn(db)).toEqual(users);
}

const INSERT = /^with written \(id\) as \(\ninsert into "public"\."users"/;
/** The reader's statement, which comes by once per read of its cursor. */
const STREAM = /order by u\.id limit \$1/;
const LOCK = /pg_try_advisory_xact_lock/;

describe.each([
  ['over a session of its own', ''],
  ['in transactions, as through a pooler', '&pgbouncer=true'],
])('%s', (_, hint) => {
  const write = hint === '' ? INSERT : /^commit$/;

  test.each(['cut', 'reset'] as const)('the request is lost (%s): it is sent again', async (deed) => {
    const strikes = proxy.fault({ on: INSERT, at: 'request', nth: 4, do: deed });
    const report = await backfill({ hint });
    expect(strikes.struck).toBe(1);
    expect(report).toMatchObject({ repair: { inserted: COUNT, alreadyPresent: 0 }, batches: { retried: 1, split: 0 } });
    await expectAll(report);
  });

  test.each(['cut', 'reset'] as const)(
    'the reply is lost after the commit (%s): each user counts once',
    async (deed) => {
      const first = write === INSERT ? 4 : (await commitsBeforeRows(hint)) + 4;
      const strikes = proxy.fault({ on: write, at: 'reply', nth: first, do: deed });
      const report = await backfill({ hint });
      expect(strikes.struck).toBe(1);
      expect(report.batches.retried).toBe(1);
      expect(report.repair.alreadyPresent).toBeLessThanOrEqual(20);
      await expectAll(report);
    },
  );

  test('every connection is cut, again and again', async () => {
    const strikes = proxy.fault({ on: INSERT, at: 'reply', nth: 2, times: 6, do: () => proxy.cutAll() });
    const report = await backfill({ hint });
    expect(strikes.struck).toBe(6);
    await expectAll(report);
  });

  test.each(['request', 'reply'] as const)('the reader is cut at its %s', async (at) => {
    const strikes = proxy.fault({ on: STREAM, at, times: 2, do: 'cut' });
    await expectAll(await backfill({ hint }));
    expect(strikes.struck).toBe(2);
  });

  test.each(['request', 'reply'] as const)('the measures are cut at their %s', async (at) => {
    const strikes = proxy.fault({ on: /count\(/, at, times: 2, do: 'cut' });
    await expectAll(await backfill({ hint }));
    expect(strikes.struck).toBe(2);
  });

  test('every message takes its time', async () => {
    proxy.delay(10);
    await expectAll(await backfill({ hint }));
  });
});

/** How many transactions the job commits before it writes the first row. */
async function commitsBeforeRows(hint: string): Promise<number> {
  await backfill({ hint });
  await db.query('truncate public.users');
  const before = proxy.texts.slice(
    0,
    proxy.texts.findIndex((text) => INSERT.test(text)),
  );
  return before.filter((text) => text === 'commit').length;
}

describe('any one statement of the whole job', () => {
  const faults: Pick<Fault, 'at' | 'do'>[] = [
    { at: 'request', do: 'cut' },
    { at: 'reply', do: 'cut' },
  ];
  test.each(faults)('is lost at its $at, one after the other', async ({ at, do: deed }) => {
    await backfill({ flags: { concurrency: 1, batchSize: 100 } });
    const { length } = proxy.texts;
    for (let nth = 1; nth <= length; nth += 1) {
      await db.query('truncate public.users');
      await proxy[Symbol.asyncDispose]();
      proxy = await startFaultProxy(db.url);
      const strikes = proxy.fault({ on: /^/, at, nth, do: deed });
      const report = await backfill({ flags: { concurrency: 1, batchSize: 100 } });
      const lost = proxy.texts[nth - 1];
      expect(strikes.struck, lost).toBe(1);
      // The first connection is tried once: who typed a wrong address wants to know now.
      if (report.reason?.code === 'connection_closed') expect(nth, lost).toBeLessThanOrEqual(3);
      else await expectAll(report);
    }
  });
});

describe('a reader of many epochs', () => {
  let crowded: TestDatabase;
  beforeAll(async () => {
    crowded = await createDatabase();
    await createTable(crowded, 'id uuid primary key, email text');
    await crowd(crowded, 25_000);
  });
  afterAll(() => crowded.drop());

  describe.each([
    ['by id', STREAM, { since: '2000-01-01T00:00:00Z' }],
    ['as they lie', AS_THEY_LIE, {}],
  ])('%s', (_, read, flags) => {
    test.each([
      ['in the first', 1],
      ['in the second', 2],
      ['in the last', 3],
    ])('is cut %s: it starts again where it was, and no user is left out', async (__, nth) => {
      await crowded.query('truncate public.users');
      await aged(crowded);
      await using way = await startFaultProxy(crowded.url);
      const strikes = way.fault({ on: read, at: 'reply', nth, do: 'cut' });
      const report = await run('backfill', { url: way.via(crowded.url), config: CONFIG, flags });
      expect(strikes.struck).toBe(1);
      expect(report).toMatchObject({
        verdict: 'repaired',
        repair: { scanned: 25_000, inserted: 25_000 },
        residual: { missing: 0 },
        batches: { retried: 1 },
      });
    });
  });
});

describe('the connection of the run lock', () => {
  const holders = () =>
    db.query<{ pid: number }>(`select pid from pg_locks l join pg_database d on d.oid = l.database
      where locktype = 'advisory' and granted and datname = current_database()`);

  test('is cut: the lock is taken again, and the run goes on', async () => {
    await gate.close();
    const working = backfill();
    await gate.crowded(3);
    const [first] = await holders();
    for (const wire of proxy.wires) if (wire.texts.some((text) => LOCK.test(text))) wire.cut();
    await expect.poll(async () => (await holders()).map(({ pid }) => pid !== first?.pid)).toEqual([true]);
    await gate.open();
    await expectAll(await working);
  });

  test('is cut, and another run is faster: batches in flight settle, the run failed', async () => {
    await gate.close();
    const working = backfill();
    await gate.crowded(3);
    const rival = await db.admin.connect();
    await rival.query('begin');
    const won = rival.query(`select pg_advisory_xact_lock(hashtextextended('userdrift "public"."users"', 0))`);
    await until(db, `select from pg_locks where locktype = 'advisory' and not granted`);
    await db.query('select pg_terminate_backend($1)', [(await holders())[0]?.pid]);
    await won;
    await sleep(500);
    await gate.open();
    const report = await working;
    await rival.query('rollback');
    rival.release();
    expect(report).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
      reason: { code: 'lock_lost' },
      repair: { inserted: 60, scanned: 60, unresolved: 0 },
      residual: { missing: null },
    });
    expect(await idsIn(db)).toHaveLength(60);
    await expect(backfill()).resolves.toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT - 60 } });
  });
});

describe('the server takes a connection away', () => {
  const kill = (which: string) =>
    db.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'postgres' and pid <> pg_backend_pid() and ${which}`);

  test('a writer in the middle of its statement', async () => {
    await gate.close();
    const working = backfill();
    await gate.crowded(3);
    expect(await kill(`query ~ '^with written' and wait_event = 'PgSleep'`)).toHaveLength(3);
    await gate.open();
    const report = await working;
    await expectAll(report);
    expect(report).toMatchObject({ repair: { inserted: COUNT }, batches: { retried: 3 } });
  });

  test('all of them, three times', async () => {
    for (const _ of [1, 2, 3]) {
      await db.query('truncate public.users');
      await gate.close();
      const working = backfill();
      await gate.crowded(3);
      await kill('true');
      await gate.open();
      await expectAll(await working);
    }
  });
});

test('a role with two connections: one for the lock, one for the rest', async () => {
  const role = await db.createRole('bypassrls connection limit 2');
  await db.query(`grant usage on schema auth, public to ${role.name}`);
  await db.query(`grant select on auth.users to ${role.name}`);
  await db.query(`grant all on public.users, public.gate to ${role.name}`);
  const report = await run('backfill', { url: role.url, config: CONFIG, flags: { batchSize: 20, concurrency: 3 } });
  await expectAll(report);
  expect(report.repair.inserted).toBe(COUNT);
});

test('the database becomes read-only in the middle: it stops at once, and writes nothing more', async () => {
  await gate.close();
  const working = backfill();
  await gate.crowded(3);
  await db.query(`alter database ${db.name} set default_transaction_read_only = on`);
  try {
    await db.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'postgres' and pid <> pg_backend_pid()`);
    const report = await working;
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, repair: { scanned: 60, inserted: 0 } });
    expect(report.failuresTotal).toBe(0);
    expect(report.reason?.message).toMatch(/read-only|25006/);
  } finally {
    const fresh = new pg.Client({ connectionString: db.superuserUrl });
    await fresh.connect();
    await fresh.query('set default_transaction_read_only = off');
    await fresh.query(`alter database ${db.name} reset default_transaction_read_only`);
    await fresh.end();
  }
  await gate.open();
  await expectAll(await backfill());
});
