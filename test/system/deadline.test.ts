import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { reportIn, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

const COUNT = 3000;

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await canaryCrowd(db, COUNT);
  // A batch of 50 takes half a second; the whole, ten.
  await db.queryAsPostgres(`
    create function public.slow() returns trigger language plpgsql as $$ begin perform pg_catalog.pg_sleep(0.01); return new; end $$;
    create trigger slow before insert on public.users for each row execute function public.slow()`);
});
afterAll(() => db.drop());
beforeEach(() => db.query('truncate public.users'));

test.each(['sync', 'backfill'])(
  '%s with slow writers ends between two batches, and says that it is partial',
  async (command) => {
    const args = [
      command,
      '--json',
      '--yes',
      '--batch-size',
      '50',
      '--concurrency',
      '3',
      '--deadline',
      '3s',
      '--report',
      'r.json',
    ];
    const config = { ...PLAIN_CONFIG, limits: { share: '100%' } };
    const { code, json, files, ms } = await run(args, { url: db.url, config });
    expect(json()).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
      reason: { code: 'deadline', fix: expect.stringContaining('--deadline') },
      drift: { missing: COUNT },
      repair: { failed: 0, unresolved: 0 },
      residual: { missing: null },
    });
    expect(code).toBe(1);
    const there = await idsIn(db);
    expect(json().repair.inserted).toBe(there.length);
    expect(there.length).toBeGreaterThan(0);
    expect(there.length).toBeLessThan(COUNT);
    expect(there.length % 50).toBe(0);
    expect(reportIn(files['r.json'] ?? '')).toEqual(json());
    expect(ms).toBeGreaterThan(3000);
    expect(ms).toBeLessThan(10_000);
  },
);

describe.concurrent('a server that takes the call and never says a word', () => {
  const COMMANDS = [['check'], ['sync'], ['backfill', '--yes'], ['doctor']];

  test.each(COMMANDS)('%s is never in sync', async (...args) => {
    await using proxy = await startFaultProxy(db.url);
    proxy.hang();
    const end = await run(args, { url: proxy.via(db.url), config: PLAIN_CONFIG, timeout: 60_000 });
    expect(end.code).toBe(1);
    expect(end.ms).toBeLessThan(30_000);
    expect(`${end.stdout}${end.stderr}`).not.toMatch(/in_sync|IN SYNC/);
  });

  test('with a deadline: by then', async () => {
    await using proxy = await startFaultProxy(db.url);
    proxy.hang();
    const options = { url: proxy.via(db.url), config: PLAIN_CONFIG };
    const { code, json, ms } = await run(['sync', '--json', '--deadline', '2s'], options);
    expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' }, source: { total: null } });
    expect(code).toBe(1);
    expect(ms).toBeLessThan(8000);
  });

  test.each([
    ['to the first statement', 1],
    ['to the second', 2],
    ['to the fifth', 5],
  ])('%s: not 0 either', async (_, nth) => {
    await using proxy = await startFaultProxy(db.url);
    const strikes = proxy.fault({ on: /(?:)/, at: 'request', nth, do: () => proxy.hang() });
    const options = { url: proxy.via(db.url), config: PLAIN_CONFIG, timeout: 60_000 };
    const { code, json } = await run(['check', '--json', '--deadline', '15s'], options);
    expect(strikes.struck).toBe(1);
    expect(json()).toMatchObject({ verdict: 'failed', exitCode: 1 });
    expect(code).toBe(1);
  });
});

/** A driver that is broken: Node would leave with 0 as soon as nothing is left to wait for. */
describe.concurrent('a promise that never settles', () => {
  const ROOT = new URL('../../package.json', import.meta.url).pathname;
  const never = (what: string) =>
    `import { createRequire } from 'node:module';
     const pg = createRequire('${ROOT}')('pg');
     pg.${what} = function () { return new Promise(() => {}); };`;

  test.each(['Client.prototype.connect', 'Client.prototype.query', 'Pool.prototype.connect', 'Client.prototype.end'])(
    '%s: the exit is not 0',
    async (what) => {
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(never(what))}` };
      for (const command of what.endsWith('end') ? [] : ['check', 'sync']) {
        const end = await run([command], { url: db.url, config: PLAIN_CONFIG, env, timeout: 60_000 });
        expect(end.code, end.stderr).toBe(1);
        expect(end.said.join()).toMatch(/nothing is left to wait for|timed out|timeout|no answer/);
      }
      // A goodbye that is never answered changes nothing about what was found.
      if (what.endsWith('end')) {
        const end = await run(['check'], { url: db.url, config: PLAIN_CONFIG, env, timeout: 60_000 });
        expect(end.code).toBe(2);
      }
    },
  );
});
