import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type Running, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';

let db: TestDatabase;
let users: string[];
let gate: Gate;
const options = () => ({ url: db.url, config: PLAIN_CONFIG });
const cli = (...args: string[]) => run(args, options());

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await createTable(db, PLAIN_COLUMNS, 'public.other');
  users = await canaryCrowd(db, 20);
  gate = await gateBefore(db, 'public.users');
});
afterAll(() => db.drop());

/** A real sync that holds the run lock, with its first row at the closed gate. */
async function syncInTheWay(...args: string[]): Promise<Running> {
  const running = await start(['sync', '--json', ...args], options());
  await gate.crowded(1);
  return running;
}

beforeEach(async () => {
  await db.query('delete from public.users');
  await gate.close();
});

describe('while another sync holds the run lock', () => {
  let running: Running;
  beforeAll(async () => {
    running = await syncInTheWay();
  });
  afterAll(async () => {
    await gate.open();
    const { code, json } = await running.done;
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 20 } });
    expect(code).toBe(0);
  });

  test.each([['sync'], ['backfill', '--yes'], ['sync', '--shard', '1/2']])('%s %s is busy (3)', async (...args) => {
    const { json, code } = await cli(...args, '--json');
    expect(json()).toMatchObject({
      verdict: 'busy',
      exitCode: 3,
      reason: { code: 'busy', fix: expect.stringContaining('--wait') },
      repair: { scanned: 0 },
    });
    expect(code).toBe(3);
  });

  test('for people: one verdict, the command to type next, and 3', async () => {
    const { stdout, code, said } = await cli('sync');
    expect(stdout).toMatch(/BUSY {2}another run is writing/);
    expect(stdout).toMatch(/^Next: userdrift sync --wait 10m$/m);
    expect(said).toEqual([]);
    expect(code).toBe(3);
  });

  test('--busy-ok exits 0 and still says busy; with --quiet it says nothing', async () => {
    const { json, code } = await cli('sync', '--busy-ok', '--json');
    expect(json()).toMatchObject({ verdict: 'busy', repair: { scanned: 0 } });
    expect(code).toBe(0);
    const quiet = await cli('sync', '--busy-ok', '--quiet');
    expect({ stdout: quiet.stdout, stderr: quiet.stderr, code: quiet.code }).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    });
  });

  test('--wait gives up after its time', async () => {
    const { code, ms } = await cli('sync', '--wait', '1s');
    expect(code).toBe(3);
    expect(ms).toBeGreaterThan(1000);
    expect(ms).toBeLessThan(6000);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends the wait at once', async (signal) => {
    const waiting = await start(['sync', '--wait', '5m', '--json'], options());
    await sleep(1500);
    const sent = performance.now();
    waiting.kill(signal);
    const { code, json } = await waiting.done;
    expect(performance.now() - sent).toBeLessThan(3000);
    expect(json()).toMatchObject({ verdict: 'interrupted', repair: { scanned: 0 } });
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
  });

  test('check, a dry run, and another target need no run lock', async () => {
    expect((await cli('check', '--json')).json()).toMatchObject({ verdict: 'drift', drift: { missing: 20 } });
    const other = await cli('sync', '--target', 'public.other', '--json');
    expect(other.json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 20 } });
  });
});

test('--wait gets the lock when the other run is done', async () => {
  const running = await syncInTheWay();
  const waiting = await start(['sync', '--wait', '30s', '--json'], options());
  await sleep(1500);
  await gate.open();
  const [first, second] = await Promise.all([running.done, waiting.done]);
  expect(first.json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 20 } });
  expect(second.json()).toMatchObject({ verdict: 'in_sync', repair: { inserted: 0 } });
  expect([first.code, second.code]).toEqual([0, 0]);
});

test('two at once: exactly one works, the other is busy', async () => {
  const running = await syncInTheWay();
  const ends = await Promise.all([cli('sync', '--json'), cli('sync', '--json')]);
  expect(ends.map(({ code }) => code)).toEqual([3, 3]);
  await gate.open();
  expect((await running.done).code).toBe(0);
  expect(new Set(await idsIn(db))).toEqual(new Set(users));
});

test('a full run that is busy with a shard, and two shards that are not busy with each other', async () => {
  const running = await syncInTheWay('--shard', '1/2');
  const full = await cli('sync', '--json');
  expect(full.json().verdict).toBe('busy');
  const same = await cli('sync', '--shard', '1/2', '--json');
  expect(same.json().verdict).toBe('busy');
  const other = await start(['sync', '--shard', '2/2', '--json'], options());
  await sleep(1000);
  await gate.open();
  const reports = [(await running.done).json(), (await other.done).json()];
  expect(reports.map(({ verdict }) => verdict)).toEqual(['repaired', 'repaired']);
  expect(reports.reduce((sum, { repair }) => sum + repair.inserted, 0)).toBe(20);
});

test('a run that was killed leaves no lock behind', async () => {
  const running = await syncInTheWay();
  running.kill('SIGKILL');
  expect((await running.done).signal).toBe('SIGKILL');
  await gate.open();
  const { code } = await cli('sync', '--wait', '10s');
  expect(code).toBe(0);
  expect(await idsIn(db)).toHaveLength(20);
});
