import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Interruption } from '../../src/reconcile/stop.ts';
import { TRAFFIC_SQL } from '../../src/sql/traffic.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK_TABLE } from '../support/job.ts';

describe('a backfill', () => {
  let db: TestDatabase;
  let ids: string[];

  beforeAll(async () => {
    db = await createDatabase();
    await db.queryAsPostgres(TEXTBOOK_TABLE);
    ids = await crowd(db, 10_500);
    await db.query('vacuum (analyze) auth.users');
  });
  afterAll(() => db.drop());
  beforeEach(() => db.query('truncate public.users'));

  const unbound = { concurrency: undefined };

  /** Long enough after the first look for the next to see who has logged in meanwhile. */
  const confirm = async () => {
    await sleep(1200);
    return true;
  };

  /** People log in until the work is done. */
  async function besideLogins<T>(work: () => Promise<T>): Promise<T> {
    const done = new AbortController();
    const logins = (async () => {
      for (let n = 0; !done.signal.aborted; n += 1) {
        await db.query('update auth.users set last_sign_in_at = now() where id = $1', [ids[n % ids.length]]);
        await sleep(5, undefined, { signal: done.signal }).catch(() => {});
      }
    })();
    try {
      return await work();
    } finally {
      done.abort();
      await logins;
    }
  }

  test('is written in full batches while nobody logs in', async () => {
    const report = await run('backfill', { url: db.url, flags: unbound });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 10_500 }, batches: { count: 11 } });
  });

  test('is written in small parts while people log in, and leaves nobody out', async () => {
    const report = await besideLogins(() => run('backfill', { url: db.url, flags: unbound, confirm }));
    expect(report).toMatchObject({ verdict: 'repaired', repair: { scanned: 10_500, inserted: 10_500 } });
    expect(report.batches.count).toBeGreaterThan(50);
  });

  test('takes a number of writers for an order', async () => {
    const report = await besideLogins(() => run('backfill', { url: db.url, flags: { concurrency: 3 }, confirm }));
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 10_500 } });
    expect(report.batches.count).toBeLessThan(15);
  });

  test('ends at once when it is told to, whoever logs in', async () => {
    const stop = new AbortController();
    const progress = ({ done }: { done: number }) => {
      if (done >= 500) stop.abort(new Interruption('SIGTERM'));
    };
    const report = await besideLogins(() =>
      run('backfill', { url: db.url, flags: unbound, confirm, stop: stop.signal, progress }),
    );
    expect(report).toMatchObject({ verdict: 'interrupted', repair: { unresolved: 0 } });
    expect(report.repair.inserted).toBeLessThan(5000);
  });

  test('does not take its own work for that of others', async () => {
    await db.query('select pg_stat_force_next_flush()');
    const before = await db.query<{ rows: number }>(TRAFFIC_SQL);
    // Its sessions end with it, and tell what they did.
    await run('backfill', { url: db.url, flags: unbound });
    expect(await db.query(TRAFFIC_SQL)).toEqual(before);
    expect(before[0]?.rows).toBeGreaterThan(10_000);
  });
});
