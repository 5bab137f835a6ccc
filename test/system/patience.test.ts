import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type Finished, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startPgBouncer } from '../support/pgbouncer.ts';

/** How long a run may take to notice that nobody answers: a statement has 60 s, and so has a lost connection. */
const LONGEST_MS = 150_000;
const INSERT = /^with written \(id\) as \(\ninsert into "public"\."users"/;

interface World {
  db: TestDatabase;
  users: string[];
  proxy: FaultProxy;
  /** The real CLI, through the proxy. */
  sync: (...args: string[]) => ReturnType<typeof start>;
}

/** These tests wait, so they wait side by side, each in a world of its own. */
async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const db = await createDatabase();
  await using proxy = await startFaultProxy(db.url);
  try {
    await createTable(db, PLAIN_COLUMNS);
    await canaryCrowd(db, 80);
    const users = await idsIn(db, 'auth.users');
    const at = { url: proxy.via(db.url), config: PLAIN_CONFIG, timeout: LONGEST_MS };
    const sync = (...args: string[]) =>
      start(['sync', '--json', '--batch-size', '10', '--concurrency', '2', ...args], at);
    await work({ db, users, proxy, sync });
  } finally {
    await db.drop();
  }
}

/** Whatever became of the run before, the next one does the rest. */
async function expectConvergence({ db, users, proxy, sync }: World): Promise<void> {
  proxy.restore();
  await proxy.accept();
  const { code, json } = await (await sync('--wait', '90s')).done;
  expect(json()).toMatchObject({ residual: { missing: 0 } });
  expect(code).toBe(0);
  expect(await idsIn(db)).toEqual(users);
}

const LIMIT = { timeout: 2 * LONGEST_MS };

describe.concurrent('the server is gone', () => {
  test('for longer than a run waits: it failed, and says so with what it did', LIMIT, () =>
    inWorld(async (world) => {
      const { proxy, db, sync } = world;
      const down = async () => {
        await proxy.refuse();
        proxy.cutAll();
      };
      proxy.fault({ on: INSERT, at: 'request', nth: 5, do: down });
      const { code, json } = await (await sync()).done;
      expect(json()).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'retry_budget_spent' } });
      expect(json().reason?.message).toMatch(/60s: nothing listens at 127\.0\.0\.1/);
      const { inserted, unresolved, scanned } = json().repair;
      expect(inserted + unresolved).toBe(scanned);
      expect((await idsIn(db)).length).toBeGreaterThanOrEqual(inserted);
      expect(code).toBe(1);
      await expectConvergence(world);
    }),
  );

  test('and the deadline is near: it ends then', LIMIT, () =>
    inWorld(async (world) => {
      const { proxy, sync } = world;
      const down = async () => {
        await proxy.refuse();
        proxy.cutAll();
      };
      proxy.fault({ on: INSERT, at: 'request', nth: 5, do: down });
      const { code, json, ms } = await (await sync('--deadline', '5s')).done;
      expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' } });
      expect(code).toBe(1);
      expect(ms).toBeLessThan(20_000);
      await expectConvergence(world);
    }),
  );
});

describe.concurrent('the connection is half open: nobody answers, and nobody says so', () => {
  const PLACES = [
    ['a writer', INSERT],
    ['the reader', /order by u\.id limit \$1/],
    ['a measure', /count\(\*\) filter/],
    ['the run lock', /pg_try_advisory_xact_lock/],
  ] as const;

  // A measure may take its ten minutes, and so long it is waited for.
  const PROMPT = PLACES.filter(([place]) => place !== 'a measure');

  test.each(PROMPT)('%s: the run ends or goes on, it does not wait for ever', LIMIT, (_, on) =>
    inWorld(async (world) => {
      const strikes = world.proxy.fault({ on, at: 'request', do: 'hang' });
      const end = await (await world.sync()).done;
      expect(strikes.struck).toBe(1);
      expectOutcome(end);
      await expectConvergence(world);
    }),
  );

  test.each(PLACES)('%s, and the deadline passes: the run ends', LIMIT, (_, on) =>
    inWorld(async (world) => {
      world.proxy.fault({ on, at: 'reply', do: 'hang' });
      const { code, json, ms } = await (await world.sync('--deadline', '5s')).done;
      expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' } });
      expect(code).toBe(1);
      expect(ms).toBeLessThan(90_000);
      await expectConvergence(world);
    }),
  );

  test('everywhere: a second SIGTERM ends the run at once', LIMIT, () =>
    inWorld(async (world) => {
      const strikes = world.proxy.fault({ on: INSERT, at: 'request', nth: 3, do: () => world.proxy.hang() });
      const running = await world.sync();
      await expect.poll(() => strikes.struck, { timeout: 20_000 }).toBe(1);
      running.kill('SIGTERM');
      await sleep(500);
      running.kill('SIGTERM');
      const { code, json, ms } = await running.done;
      expect(json()).toMatchObject({ verdict: 'interrupted' });
      expect(code).toBe(143);
      expect(ms).toBeLessThan(20_000);
      await expectConvergence(world);
    }),
  );
});

/** A run that lost an answer may still do all of it; if not, it says why. */
function expectOutcome({ code, json }: Finished): void {
  if (code === 0) expect(json()).toMatchObject({ verdict: 'repaired', repair: { scanned: 80 } });
  else expect(json()).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'retry_budget_spent' } });
}

describe.concurrent('a pool with a single connection, which the run lock takes', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createDatabase();
    await createTable(db, PLAIN_COLUMNS);
    await canaryCrowd(db, 10);
  });
  afterAll(() => db.drop());

  test.each(['session', 'transaction'] as const)(
    'in %s mode: the run fails and says what to do',
    LIMIT,
    async (mode) => {
      const options = { mode, poolSize: 1, settings: { query_wait_timeout: 5 } };
      await using pooler = await startPgBouncer(db.url, options);
      const at = { url: pooler.via(db.url), config: PLAIN_CONFIG, timeout: LONGEST_MS };
      const { code, json } = await (await start(['sync', '--json', '--concurrency', '1'], at)).done;
      expect(json()).toMatchObject({
        verdict: 'failed',
        reason: { code: 'retry_budget_spent' },
        repair: { inserted: 0 },
      });
      expect(json().reason?.message).toContain('no connection is free');
      expect(code).toBe(1);
      await until(
        db,
        `select where not exists (select from pg_stat_activity
      where datname = current_database() and usename = 'postgres' and state like 'idle in%')`,
      );
    },
  );
});
