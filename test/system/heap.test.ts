import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Server, startServer } from '../../src/demo/server.ts';
import { idsIn } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { buildTemplate } from '../support/global-setup.ts';
import { AS_THEY_LIE, aged, backfill, expectEachOnce, PLACED } from '../support/heap.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { startPgBouncer } from '../support/pgbouncer.ts';

/** Very many missing users, whom a run reads and writes as they lie. */
const COUNT = 13_000;

describe('very many missing users', () => {
  let db: TestDatabase;
  let users: string[];

  beforeAll(async () => {
    db = await createDatabase();
    await db.queryAsPostgres(TEXTBOOK_TABLE);
    users = await crowd(db, COUNT);
  });
  afterAll(() => db.drop());
  beforeEach(async () => {
    await db.query('truncate public.users');
    await aged(db);
  });

  const present = () => users.filter((_, index) => index % 13 < 3);

  describe.each([250, 999, 3000])('in batches of %i', (batchSize) => {
    test.each([
      ['nobody has a row', () => []],
      ['some have a row', present],
    ])('while %s and everybody logs in, are written once', async (_, withRow) => {
      const there = withRow();
      await db.query('insert into public.users (id) select unnest($1::uuid[])', [there]);
      const logins = logIns(db);
      const seen = await backfill({ url: db.url, config: TEXTBOOK, flags: { batchSize } }).finally(logins.stop);
      expect(await logins.stop()).toBeGreaterThan(20);
      expect(seen.texts.filter((text) => PLACED.test(text)).length).toBeGreaterThan(0);
      const missing = users.filter((id) => !there.includes(id));
      await expectEachOnce(db, seen, missing);
    });

    test('a text key', async () => {
      await db.query('create table public.texts (id text primary key, email text)');
      await db.query('insert into public.texts select unnest($1::text[])', [present()]);
      const config = { target: 'public.texts', columns: { email: 'u.email' } };
      const logins = logIns(db);
      const seen = await backfill({ url: db.url, config, flags: { batchSize } }).finally(logins.stop);
      const missing = COUNT - present().length;
      expect(seen.report).toMatchObject({ repair: { scanned: missing, inserted: missing }, residual: { missing: 0 } });
      expect(new Set(seen.handedOut).size).toBe(missing);
      expect(await idsIn(db, 'public.texts')).toEqual(users);
      await db.query('drop table public.texts');
    });
  });
});

/** Users who log in, a few at a time and at random, until they are told to stop; then, how often some did. */
function logIns(db: TestDatabase): { stop(): Promise<number> } {
  const done = new AbortController();
  const working = (async () => {
    let count = 0;
    for (; !done.signal.aborted; count += 1) {
      await db.query(`update auth.users set last_sign_in_at = clock_timestamp()
        where id in (select id from auth.users where id >= gen_random_uuid() order by id limit 5)`);
      await sleep(1);
    }
    return count;
  })();
  return {
    stop: () => {
      done.abort();
      return working;
    },
  };
}

describe('commits that do not wait for the disk', () => {
  /** Nothing reaches the disk before it has to, but for what a commit waits for. */
  const settings = {
    synchronous_commit: true,
    wal_writer_delay: '10s',
    wal_writer_flush_after: '1GB',
    wal_buffers: '64MB',
    bgwriter_lru_maxpages: 0,
    checkpoint_timeout: '1h',
    autovacuum: false,
  };
  let server: Server;
  let db: TestDatabase;
  let users: string[];

  beforeAll(async () => {
    server = await startServer({ settings });
    await buildTemplate(server);
    db = await createDatabase(server.superuser);
    await db.queryAsPostgres(TEXTBOOK_TABLE);
    users = await crowd(db, COUNT);
  });
  afterAll(async () => {
    await db.drop();
    await server.stop();
  });
  beforeEach(() => db.query('truncate public.users'));

  async function answers(): Promise<boolean> {
    return db.query('select 1').then(
      () => true,
      () => false,
    );
  }

  const disasters: [string, () => Promise<void>][] = [
    [
      'an immediate shutdown and a new start',
      async () => {
        process.kill(server.pid, 'SIGQUIT');
        await server.restart();
      },
    ],
    [
      'the death of one process, after which the server begins anew',
      async () => {
        const [writer] = await db.query<{ pid: number }>(
          `select pid from pg_stat_activity where query ~ '^with written' limit 1`,
        );
        process.kill(writer?.pid ?? 0, 'SIGKILL');
        await expect.poll(() => server.log(), { timeout: 20_000 }).toContain('reinitializing');
        await expect.poll(answers, { timeout: 20_000 }).toBe(true);
      },
    ],
  ];

  test.each(disasters)('are lost by %s, and are made good', async (_, disaster) => {
    await db.query('checkpoint');
    await using proxy = await startFaultProxy(db.url);
    let counted = 0;
    let struck: Promise<number> | null = null;
    /** Returns how many rows are left, before anybody can write again. */
    const strike = async () => {
      await proxy.refuse();
      await disaster();
      const { length } = await idsIn(db);
      await proxy.accept();
      return length;
    };
    const report = await run('backfill', {
      url: proxy.via(db.url),
      config: TEXTBOOK,
      progress: ({ done }) => {
        if (done >= 6000 && struck === null) {
          counted = done;
          struck = strike();
        }
      },
    });
    expect(proxy.texts.some((text) => AS_THEY_LIE.test(text))).toBe(true);
    expect(await struck).toBeLessThan(counted);
    expect(report).toMatchObject({ verdict: 'repaired', exitCode: 0, residual: { missing: 0 } });
    expect(report.repair).toMatchObject({ failed: 0, unresolved: 0 });
    expect(await idsIn(db)).toEqual(users);
  });

  test('are ours alone: through PgBouncer in transaction mode no other client has them', async () => {
    await using pooler = await startPgBouncer(db.url, { mode: 'transaction', poolSize: 3 });
    const seen = await backfill({ url: pooler.via(db.url), config: TEXTBOOK });
    await expectEachOnce(db, seen, users);
    expect(seen.texts.filter((text) => PLACED.test(text))).toHaveLength(COUNT / 1000);
    expect(seen.report.batches).toMatchObject({ retried: 0, split: 0 });
    const clients = [1, 2, 3].map(() => new pg.Client({ connectionString: pooler.via(db.url) }));
    for (const client of clients) await client.connect();
    // As many transactions at once as the pool has connections.
    for (const client of clients) await client.query('begin');
    for (const client of clients)
      expect((await client.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'on' }]);
    for (const client of clients) await client.end();
  });
});
