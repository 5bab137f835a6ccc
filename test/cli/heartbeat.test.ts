import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Flags } from '../../src/commands/flags.ts';
import { pulseOf } from '../../src/commands/heartbeat.ts';
import { plan } from '../../src/commands/job.ts';
import type { Terminal } from '../../src/commands/terminal.ts';
import { envOf } from '../../src/config/env.ts';
import { parseConfig } from '../../src/config/load.ts';
import { sampleReport } from '../render/sample-report.ts';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { type Running, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { type Answer, type HttpStub, type Misbehaviour, serve } from '../support/http-stub.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
let gate: Gate;
let stub: HttpStub;
let answer: Answer | Misbehaviour;
/** It takes as long as the limit, and runs beside the others. */
let stalled: Running;
let wall: HttpStub;
let stalledUntil: number;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  gate = await gateBefore(db, 'public.users');
  await insertUser(db);
  stub = await serve(() => answer);
  wall = await serve(() => 'stall');
  const env = { USERDRIFT_PING_URL: `${wall.url}/ping/01234567` };
  stalled = await start(['check', '--json'], { url: db.url, config: PLAIN_CONFIG, env });
  void stalled.done.then(() => {
    stalledUntil = performance.now();
  });
});
afterAll(async () => {
  await stub.close();
  await wall.close();
  await db.drop();
});
beforeEach(async () => {
  stub.heard.length = 0;
  answer = { body: 'OK' };
  await db.query('delete from public.users');
  await gate.open();
});

const SECRET = '/ping/5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278';
const env = () => ({ USERDRIFT_PING_URL: `${stub.url}${SECRET}?create=1` });
const options = () => ({ url: db.url, config: PLAIN_CONFIG, env: env() });
const heard = () => stub.heard.map(({ path }) => path.slice(SECRET.length));

describe('a run over all users', () => {
  test('starts and ends: 2 for drift, and the URL itself for success', async () => {
    const { code } = await run(['check', '--json'], options());
    expect({ code, heard: heard() }).toEqual({ code: 2, heard: ['/start', '/2'] });
    await run(['sync', '--quiet'], options());
    await run(['check', '--quiet'], options());
    expect(heard()).toEqual(['/start', '/2', '/start', '', '/start', '']);
    const ids = stub.heard.map(({ query }) => query.get('rid') ?? '');
    expect(ids.every((id) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))).toBe(true);
    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2], ids[4], ids[4]]);
    expect(new Set(ids).size).toBe(3);
    expect(stub.heard.map(({ query }) => query.get('create'))).toEqual(Array(6).fill('1'));
    const { run: _, durationMs, ...rest } = JSON.parse(stub.heard[3]?.body ?? '');
    expect(rest).toEqual({ verdict: 'repaired', exit: 0, reason: null, missing: 0, stale: 0, inserted: 1, failed: 0 });
    expect(durationMs).toBeGreaterThan(0);
  });

  test('a flag wins over the variable', async () => {
    const other = `${stub.url}/flag/0123456789`;
    await run(['check', '--ping-url', other, '--quiet'], options());
    expect(stub.heard.map(({ path }) => path)).toEqual(['/flag/0123456789/start', '/flag/0123456789/2']);
  });

  test('one that gets no connection ends without a start', async () => {
    const { code } = await run(['check', '--json'], { ...options(), url: db.url.replace(/:\d+\//, ':1/') });
    expect({ code, heard: heard() }).toEqual({ code: 1, heard: ['/1'] });
  });

  test('a report that could not be written is a failure', async () => {
    const { code } = await run(['sync', '--report', '/dev/full'], options());
    expect({ code, heard: heard() }).toEqual({ code: 1, heard: ['/start', '/1'] });
  });

  test('a busy one says nothing: the one that holds the lock speaks for itself', async () => {
    await gate.close();
    const holder = await start(['sync', '--json'], options());
    await gate.crowded(1);
    const busy = await run(['sync', '--json', '--busy-ok'], options());
    expect(busy.json().verdict).toBe('busy');
    expect(heard()).toEqual(['/start']);
    await gate.open();
    expect((await holder.done).code).toBe(0);
    expect(heard()).toEqual(['/start', '']);
  });

  test('SIGTERM in the middle is 143', async () => {
    await gate.close();
    const { kill, done } = await start(['sync', '--json'], options());
    await gate.crowded(1);
    kill('SIGTERM');
    await gate.open();
    expect((await done).code).toBe(143);
    expect(heard()).toEqual(['/start', '/143']);
  });
});

describe('a run that proves nothing for the schedule is silent', () => {
  const id = '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10';

  test.each([
    [['check', '--user', id]],
    [['check', '--since', '7d']],
    [['check', '--shard', '1/2']],
    [['sync', '--dry-run']],
  ])('%j', async (args) => {
    const { said } = await run([...args, '--json'], options());
    expect(said).toEqual([]);
    expect(heard()).toEqual([]);
    const told = await run([...args, '--ping-url', `${stub.url}/flag/0123456789`], options());
    expect(told.said.join()).toMatch(/'--ping-url <url>' cannot be used with option '--/);
    expect(told.code).toBe(64);
  });
});

test.each([
  [false, [], ['/start', '/4']],
  [true, ['yes'], ['/start', '/4']],
  [true, [], []],
])(
  'a backfill on a terminal (%s, %j) is silent while it may ask: no is no failure of the schedule',
  async (interactive, yes, paths) => {
    const flags = { ids: true, maxDrift: 0, transport: 'postgres', ...(yes.length > 0 ? { yes: true } : {}) } as Flags;
    const job = plan('backfill', parseConfig(JSON.stringify(PLAIN_CONFIG), 'test'), flags);
    const terminal = { env: envOf(env()), interactive, hurry: new AbortController().signal } as Terminal;
    const pulse = pulseOf(job, flags, '01JD4Q8ZK3T5W7X9Y1A2B3C4D5', pino({ enabled: false }), terminal);
    pulse.started();
    await pulse.ended(sampleReport({ verdict: 'refused', exitCode: 4 }), 4);
    expect(heard()).toEqual(paths);
  },
);

describe('a service that does not do as it should changes nothing about the run', () => {
  test.each([
    ['redirects', { status: 302, headers: { location: '/elsewhere' } }, 'redirected'],
    ['knows no such check', { status: 404, body: 'not found' }, 'ping_refused'],
    ['cuts the connection', 'cut', 'unreachable'],
  ] as const)('it %s: one warning', async (_, how, code) => {
    answer = how;
    const end = await run(['check', '--json'], options());
    expect(end.code).toBe(2);
    expect(end.json().verdict).toBe('drift');
    expect(end.log.filter(({ level }) => Number(level) >= 40)).toEqual([
      expect.objectContaining({ level: 40, code, msg: 'the ping URL was not reached', run: end.json().runId }),
    ]);
    expect(stub.heard.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  test('--quiet is quiet about it too', async () => {
    answer = 'cut';
    await run(['sync', '--quiet'], { url: db.url, config: PLAIN_CONFIG });
    const { stdout, stderr, code } = await run(['check', '--quiet'], options());
    expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test('it stalls: a second signal does not wait for it', async () => {
    answer = 'stall';
    await gate.close();
    const { kill, done } = await start(['sync', '--json'], options());
    await gate.crowded(1);
    kill('SIGTERM');
    const sent = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 200));
    kill('SIGTERM');
    expect((await done).code).toBe(143);
    // Less than what the ping alone would take.
    expect(performance.now() - sent).toBeLessThan(4500);
  });
});

describe('a URL that no secret may be sent to', () => {
  test.each(['http://hc-ping.example/secret-word', 'secret-word', 'https://u:secret-word@hc-ping.example'])(
    '%s',
    async (url) => {
      const flag = await run(['check', '--ping-url', url], { url: db.url, config: PLAIN_CONFIG });
      expect(flag.said.join()).toMatch(/^userdrift: --ping-url (is|does|has) .*\. Fix: /);
      expect({ code: flag.code, stdout: flag.stdout }).toEqual({ code: 64, stdout: '' });
      const variable = await run(['check'], { ...options(), env: { USERDRIFT_PING_URL: url } });
      expect(variable.said.join()).toMatch(/^userdrift: USERDRIFT_PING_URL (is|does|has) /);
      expect(variable.code).toBe(1);
      expect(`${flag.stderr}${variable.stderr}`).not.toContain('secret-word');
    },
  );
});

test('a service that stalls delays the end of a run by no more than the limit', async () => {
  const { json, code } = await stalled.done;
  expect(code).toBe(json().exitCode);
  expect(wall.heard.map(({ path }) => path.replace('/ping/01234567', ''))).toEqual(['/start', code === 0 ? '' : '/2']);
  const [start, end] = wall.heard.map(({ at }) => at);
  expect(Number(end) - Number(start) - json().durationMs).toBeLessThan(4000);
  expect(stalledUntil - Number(start)).toBeLessThan(5000 + 5000);
});
