import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { reportIn, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { serve as heartbeatService } from '../support/http-stub.ts';
import { expectNoCanary } from '../support/people.ts';
import { NEVER, serve } from '../support/schedule.ts';

let db: TestDatabase;
let gate: Gate;
const options = () => ({ url: db.url, config: PLAIN_CONFIG });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  gate = await gateBefore(db, 'public.users');
  await canaryCrowd(db, 60);
});
afterAll(() => db.drop());
beforeEach(() => db.query('truncate public.users'));

test('it runs the lines, tells of them on every path, and stops in good order', async () => {
  await gate.open();
  const crontab = `${NEVER} userdrift sync --quiet --report kept.json\n${NEVER} userdrift check --quiet --no-ids\n${NEVER} userdrift doctor\n`;
  const { get, ended, kill, done } = await serve(crontab, ['--max-age', '1h'], options());
  expect((await get('/readyz')).status).toBe(200);
  const runs = await ended(3);
  expect(runs).toMatchObject([
    { level: 30, line: 1, command: 'sync', verdict: 'repaired', exitCode: 0, repair: { inserted: 60 } },
    { level: 30, line: 2, command: 'check', verdict: 'in_sync', exitCode: 0 },
    { level: 30, line: 3, command: 'doctor', exitCode: 0, findings: { problem: 0 } },
  ]);
  expect(await get('/livez')).toMatchObject({ status: 200, text: 'alive\n' });
  const health = await get('/healthz');
  expect([health.status, JSON.parse(health.text)]).toMatchObject([200, { healthy: true, maxAgeSeconds: 3600 }]);
  const { text: metrics } = await get('/metrics');
  expect(metrics).toContain('userdrift_repair_inserted{target="public.users",command="sync"} 60\n');
  expect(metrics).toContain('userdrift_verdict{target="public.users",command="check",verdict="in_sync"} 1\n');
  expect(reportIn(`${(await get('/report.json')).text}\n`)).toMatchObject({ command: 'check', sample: [] });
  const page = await get('/');
  expect(page.text).toContain('60 missing users inserted into public.users');
  expect(page.text).toContain('60 of 60 expected users are in public.users');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
  expect((await get('/', 'POST')).status).toBe(405);
  expectNoCanary([page.text, metrics, health.text].join('\n'));
  kill('SIGTERM');
  const { code, stdout, said, log, files } = await done;
  expect({ code, stdout, said }).toEqual({ code: 0, stdout: '', said: [] });
  expect(log.at(-1)?.msg).toBe('stopped');
  expect(reportIn(files['kept.json'] ?? '').verdict).toBe('repaired');
});

test('each run reads .env anew: a password that was corrected there needs no new start', async () => {
  const files = {
    '.env': 'DATABASE_URL=postgresql://postgres:old@127.0.0.1:1/postgres\n',
    'next.env': `DATABASE_URL=${db.url}\n`,
    // Only the end of a check corrects it: the question for the history runs beside the first one and may end before it begins.
    'rotate.cjs': `if (process.argv.includes('check')) process.on('exit', () => require('node:fs').copyFileSync('next.env', '.env'));`,
  };
  const line = `${NEVER} userdrift check --quiet\n`;
  const crontab = `NODE_OPTIONS=--require=./rotate.cjs\n${line}${line}`;
  const { ended, kill, done } = await serve(crontab, [], { config: PLAIN_CONFIG, files });
  expect(await ended(2)).toMatchObject([{ reason: 'connection_refused' }, { verdict: 'drift' }]);
  kill('SIGTERM');
  expect((await done).code).toBe(0);
});

test('of a sync and a check one pings: what a check finds the next sync mends', async () => {
  const service = await heartbeatService(() => ({ body: 'OK' }));
  const env = `USERDRIFT_PING_URL=${service.url}/ping/01234567\n`;
  const files = { '.env': env };
  const crontab = `${NEVER} userdrift check --quiet\n${NEVER} userdrift sync --quiet\n`;
  await gate.open();
  const both = await serve(crontab, [], { ...options(), files });
  expect(await both.ended(2)).toMatchObject([{ verdict: 'drift' }, { verdict: 'repaired' }]);
  both.kill('SIGTERM');
  await both.done;
  expect(service.heard.map(({ path }) => path)).toEqual(['/ping/01234567/start', '/ping/01234567']);
  const alone = await serve(`${NEVER} userdrift check --quiet\n`, [], { ...options(), files });
  await alone.ended(1);
  alone.kill('SIGTERM');
  await alone.done;
  await service.close();
  expect(service.heard).toHaveLength(4);
});

describe('a signal in the middle of a run', () => {
  /** A schedule with a sync whose three batches stand at the closed gate. */
  async function atGate() {
    await gate.close();
    const line = `${NEVER} userdrift sync --batch-size 10 --concurrency 3\n`;
    const serving = await serve(line, [], options());
    await gate.crowded(3);
    return serving;
  }

  test('lets it settle, and that is a stop in good order: 0', async () => {
    const { get, kill, done, ended } = await atGate();
    kill('SIGTERM');
    await expect.poll(async () => (await get('/readyz')).status).toBe(503);
    expect((await get('/livez')).status).toBe(200);
    await gate.open();
    expect(await ended(1)).toMatchObject([
      { level: 30, verdict: 'interrupted', exitCode: 143, repair: { inserted: 30, unresolved: 0 } },
    ]);
    expect((await done).code).toBe(0);
    expect(await idsIn(db)).toHaveLength(30);
  });

  test('a second one is for those in a hurry: the run abandons its batches, and 143', async () => {
    const { kill, done, log } = await atGate();
    kill('SIGTERM');
    await expect.poll(() => log().at(-1)?.msg).toMatch(/^stopping/);
    await sleep(300);
    kill('SIGTERM');
    const { code, log: lines } = await done;
    expect(lines.filter(({ msg }) => msg === 'run ended')).toMatchObject([
      { verdict: 'interrupted', repair: { unresolved: 30 } },
    ]);
    expect(code).toBe(143);
    await gate.open();
  });

  test('a third one takes a run with it that heeds nothing', async () => {
    const deaf = `require('node:fs').writeFileSync('pid', String(process.pid)); process.on('SIGTERM', () => {}); console.error('deaf'); for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);`;
    const crontab = `NODE_OPTIONS=--require=./deaf.cjs\n${NEVER} userdrift check\n`;
    const { kill, done, log } = await serve(crontab, [], { ...options(), files: { 'deaf.cjs': deaf } });
    await expect.poll(() => log().some(({ stderr }) => stderr === 'deaf'), { timeout: 10_000 }).toBe(true);
    for (const _ of [1, 2, 3]) {
      kill('SIGTERM');
      await sleep(150);
    }
    const { code, files } = await done;
    expect(code).toBe(143);
    // Its parent is gone, and not every machine has somebody who buries the dead.
    const alive = () =>
      readFile(`/proc/${files.pid}/stat`, 'utf8').then(
        (stat) => !stat.includes(') Z '),
        () => false,
      );
    await expect.poll(alive).toBe(false);
  });
});

test('a run that crashes, prints nonsense or cannot begin is told, and the schedule goes on', async () => {
  await gate.open();
  const crontab = [
    'NODE_OPTIONS=--require=./mischief.cjs',
    `${NEVER} userdrift check --report killed.json`,
    `${NEVER} userdrift sync --report nonsense.json`,
    `${NEVER} userdrift check --config nowhere.json`,
    `${NEVER} userdrift sync --quiet`,
  ].join('\n');
  const mischief = `
    const words = process.argv.join(' ');
    if (words.includes('killed.json')) process.kill(process.pid, 'SIGKILL');
    if (words.includes('nonsense.json')) { console.log('{"verdict": "in_sync"}'); process.exit(0); }`;
  const files = { 'mischief.cjs': mischief };
  const { ended, get, kill, done } = await serve(crontab, [], { ...options(), files });
  expect(await ended(4)).toMatchObject([
    { level: 50, line: 2, trouble: 'killed', signal: 'SIGKILL', exitCode: null },
    { level: 50, line: 3, trouble: 'garbled', exitCode: 0 },
    { level: 50, line: 4, trouble: 'no_report', exitCode: 1 },
    { level: 30, line: 5, verdict: 'repaired', exitCode: 0 },
  ]);
  expect(JSON.parse((await get('/healthz')).text)).toMatchObject({ healthy: true, lastGoodAt: expect.any(String) });
  const { text: page } = await get('/');
  expect(page.match(/<b>FAILED<\/b>/g)).toHaveLength(3);
  kill('SIGINT');
  const { code, log } = await done;
  expect(code).toBe(0);
  // The one line of the Fault is in the log, whose run has no report.
  expect(log).toContainEqual(
    expect.objectContaining({ line: 4, stderr: expect.stringMatching(/^userdrift: nowhere\.json cannot be read/) }),
  );
});

test('a database that cannot be reached is a failed run, and unhealthy once the limit is over', async () => {
  const url = 'postgresql://postgres:s3cretPassw0rd@127.0.0.1:1/postgres';
  const crontab = `${NEVER} userdrift check --quiet --target public.users --metrics-file run.prom\n`;
  const { ended, get, kill, done } = await serve(crontab, ['--max-age', '1ms'], { url });
  expect(await ended(1)).toMatchObject([{ level: 40, verdict: 'failed', exitCode: 1 }]);
  const health = await get('/healthz');
  expect([health.status, JSON.parse(health.text)]).toMatchObject([
    503,
    { healthy: false, why: 'no good run since the start' },
  ]);
  expect((await get('/livez')).status).toBe(200);
  const shown = [await get('/'), await get('/metrics'), await get('/report.json')].map(({ text }) => text).join('\n');
  expect(shown).not.toContain('s3cretPassw0rd');
  expect(shown).toContain('userdrift_exit_code{target="public.users",command="check"} 1\n');
  kill('SIGTERM');
  const { code, files } = await done;
  expect(code).toBe(0);
  expect(files['run.prom']).toContain('userdrift_exit_code{target="public.users",command="check"} 1\n');
});

describe('what it refuses at the start, in one line', () => {
  const refusal = async (args: string[], files: Record<string, string>) => {
    const { code, stdout, stderr } = await run(['schedule', ...args], { files });
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^userdrift: [^\n]+\n$/);
    return { code, stderr };
  };

  test('no crontab: the file, and where there is one', async () => {
    const { code, stderr } = await refusal([], {});
    expect(stderr).toMatch(/crontab cannot be read \(ENOENT\)\. Fix: .*--crontab.* cp \S+\/crontab crontab/);
    expect(code).toBe(1);
  });

  test('every fault of the crontab, wrong flags too: they would be found at night', async () => {
    const crontab = `# fine\n* * * * * userdrift check --jsn\n* * * * * userdrift check --grace soon\n* * * * * userdrift backfill | tee log\n* * * * * userdrift check --help\n`;
    const { code, stderr } = await refusal(['--crontab', 'my.crontab'], { 'my.crontab': crontab });
    expect(stderr).toMatch(
      /my\.crontab: line 2: unknown option '--jsn'.*; line 3: option '--grace <duration>' argument 'soon' is invalid.*; line 4: \| a pipe.*; line 5: it would only print help/,
    );
    expect(code).toBe(1);
  });

  test('a crontab that runs nothing', async () => {
    const { code, stderr } = await refusal([], { crontab: '# later\nTZ=UTC\n' });
    expect(stderr).toMatch(/crontab has no line that runs anything/);
    expect(code).toBe(1);
  });

  test('a port in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const { code, stderr } = await refusal(['--port', port], { crontab: `${NEVER} userdrift check\n` });
    server.close();
    expect(stderr).toBe(
      `userdrift: port ${port} on 127.0.0.1 is in use. Fix: stop what listens there, or take another one with --port (0: any)\n`,
    );
    expect(code).toBe(1);
  });

  test('a wrong flag of its own: 64', async () => {
    expect((await refusal(['--port', '70000'], {})).code).toBe(64);
  });
});
