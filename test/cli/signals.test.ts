import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type Finished, type Running, reportIn, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

let db: TestDatabase;
let gate: Gate;
let users: string[];
const options = () => ({ url: db.url, config: PLAIN_CONFIG });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  gate = await gateBefore(db, 'public.users');
  users = await canaryCrowd(db, 60);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('delete from public.users');
  await gate.close();
});

/** A sync with three batches of ten in flight, each with its first row at the closed gate. */
async function syncAtGate(...args: string[]): Promise<Running> {
  const running = await start(['sync', '--json', '--batch-size', '10', '--concurrency', '3', ...args], options());
  await gate.crowded(3);
  return running;
}

/** Signals, and how long the end took. */
async function stop(running: Running, signal: NodeJS.Signals): Promise<{ end: Finished; ms: number }> {
  const sent = performance.now();
  running.kill(signal);
  const end = await running.done;
  return { end, ms: performance.now() - sent };
}

async function converges(): Promise<void> {
  await gate.open();
  const again = await run(['sync', '--json', '--wait', '20s'], options());
  expect(again.json()).toMatchObject({ residual: { missing: 0 } });
  expect(again.code).toBe(0);
  expect(new Set(await idsIn(db))).toEqual(new Set(users));
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s in the middle of a sync', (signal) => {
  test('batches in flight settle, the report is partial, and the next run does the rest', async () => {
    const running = await syncAtGate('--report', 'report.json');
    running.kill(signal);
    await sleep(300);
    await gate.open();
    const { json, code, said, files } = await running.done;
    expect(json()).toMatchObject({
      verdict: 'interrupted',
      exitCode: CODES[signal],
      reason: { code: 'interrupted', message: expect.stringContaining(signal) },
      drift: { missing: 60 },
      repair: { inserted: 30, failed: 0 },
      residual: { missing: null },
    });
    expect(reportIn(files['report.json'] ?? '')).toEqual(json());
    expect(said).toEqual([]);
    expect(code).toBe(CODES[signal]);
    expect(await idsIn(db)).toHaveLength(30);
    await converges();
  });

  test('a second one does not wait: what is not known is unresolved', async () => {
    const running = await syncAtGate();
    running.kill(signal);
    await sleep(300);
    const { end, ms } = await stop(running, signal);
    expect(ms).toBeLessThan(3000);
    expect(end.json()).toMatchObject({ verdict: 'interrupted', repair: { scanned: 30, inserted: 0, unresolved: 30 } });
    expect(end.code).toBe(CODES[signal]);
    await converges();
  });
});

test('three at once leave at once', async () => {
  const running = await syncAtGate();
  running.kill('SIGINT');
  await sleep(100);
  running.kill('SIGTERM');
  await sleep(100);
  const { end, ms } = await stop(running, 'SIGTERM');
  expect(ms).toBeLessThan(2000);
  expect([CODES.SIGINT, CODES.SIGTERM]).toContain(end.code);
  await converges();
});

test('for people: what was done, and the command that goes on', async () => {
  const running = await start(['sync', '--batch-size', '10'], options());
  await gate.crowded(3);
  running.kill('SIGINT');
  await sleep(300);
  await gate.open();
  const { stdout, code } = await running.done;
  expect(stdout).toMatch(/INTERRUPTED {2}SIGINT stopped the run after 30 inserts; this report is partial/);
  expect(stdout).toMatch(/^Next: userdrift sync$/m);
  expect(stdout).toMatch(/\ninterrupted, exit 130, .*30 written.*\n$/);
  expect(code).toBe(130);
});

const byText = (one: string, other: string) => (one < other ? -1 : 1);

test('a batch with a bad row is split to its end before the process leaves', async () => {
  const [bad] = users.toSorted(byText);
  await db.queryAsPostgres(`alter table public.users add constraint not_this check (id <> '${bad}')`);
  try {
    const running = await syncAtGate();
    running.kill('SIGINT');
    await sleep(300);
    await gate.open();
    expect((await running.done).json().repair).toMatchObject({ failed: 1, unresolved: 0 });
  } finally {
    await db.queryAsPostgres('alter table public.users drop constraint not_this');
  }
});

test('what a batch in flight wrote is counted, also where a row of it was there already', async () => {
  const running = await syncAtGate();
  const [first] = users.toSorted(byText);
  // A replica's session fires no trigger: this row gets past the gate.
  await db.query(
    `set session_replication_role = replica; insert into public.users (id) values ('${first}'); reset session_replication_role`,
  );
  running.kill('SIGINT');
  await sleep(300);
  await gate.open();
  expect((await running.done).json().repair).toMatchObject({ alreadyPresent: 1, unresolved: 0 });
});

/** Stands before the server and passes everything on after a delay; null: never. */
async function proxy(delay: number | null): Promise<{ url: string; seen: () => number; close: () => void }> {
  const sockets: Socket[] = [];
  const real = new URL(db.url);
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}));
    if (delay === null) return;
    setTimeout(() => {
      const onward = connect(Number(real.port), real.hostname).on('error', () => {});
      sockets.push(onward);
      socket.pipe(onward).pipe(socket);
    }, delay);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  real.port = String(typeof address === 'object' ? address?.port : 0);
  return {
    url: real.href,
    seen: () => sockets.length,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

// Checks take no run lock: these wait side by side.
describe.concurrent.each([
  ['never comes about', null],
  ['comes about later', 1000],
] as const)('while a connection %s', (_, delay) => {
  test('a signal ends the run promptly', async () => {
    const { url, seen, close } = await proxy(delay);
    try {
      const running = await start(['check', '--json', '--target', 'public.users'], { url, timeout: 15_000 });
      while (seen() === 0) await sleep(20);
      const sent = performance.now();
      running.kill('SIGINT');
      expect((await running.done).code).toBe(130);
      expect(performance.now() - sent).toBeLessThan(3000);
    } finally {
      close();
    }
  });

  test('so does the deadline', async () => {
    const { url, close } = await proxy(delay);
    try {
      const { code, ms } = await run(['check', '--json', '--target', 'public.users', '--deadline', '300ms'], {
        url,
        timeout: 15_000,
      });
      expect(code).toBe(1);
      expect(ms).toBeLessThan(8000);
    } finally {
      close();
    }
  });
});

describe('promptly', () => {
  test.each(['check', 'sync'])('%s that waits for a lock', async (command) => {
    const client = await db.admin.connect();
    try {
      await client.query('begin; lock table public.users in access exclusive mode');
      const running = await start([command, '--json'], options());
      await until(db, `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
      const { end, ms } = await stop(running, 'SIGINT');
      expect(ms).toBeLessThan(2000);
      expect(end.json()).toMatchObject({ verdict: 'interrupted', drift: { missing: null } });
      expect(end.code).toBe(130);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  test('a check in the middle of its measure', async () => {
    const config = { ...PLAIN_CONFIG, skip: { where: `pg_catalog.pg_sleep(1) is null` } };
    const running = await start(['check', '--json'], { url: db.url, config });
    await until(db, `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`);
    const { end, ms } = await stop(running, 'SIGTERM');
    expect(ms).toBeLessThan(2000);
    expect(end.json().verdict).toBe('interrupted');
    expect(end.code).toBe(143);
  });

  test('a run whose deadline has passed while a batch hangs', async () => {
    const running = await syncAtGate('--deadline', '1500ms');
    await sleep(1600);
    const { end, ms } = await stop(running, 'SIGINT');
    expect(ms).toBeLessThan(3000);
    expect(end.json().repair).toMatchObject({ scanned: 30, unresolved: 30 });
    expect(end.code).toBe(end.json().exitCode);
    await converges();
  });
});
