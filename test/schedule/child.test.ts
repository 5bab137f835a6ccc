import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Launch, runChild, SETTLE_MS } from '../../src/schedule/child.ts';
import { longestStatement } from '../support/statement-limit.ts';

const folder = mkdtempSync(join(tmpdir(), 'userdrift-child-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a script that says `ready` on stderr when a signal may come. */
function child(source: string, more: Partial<Launch> = {}) {
  const script = join(folder, 'script.cjs');
  writeFileSync(script, `${source}\nconsole.error('ready');`);
  const [stop, hurry, leave] = [new AbortController(), new AbortController(), new AbortController()];
  const said: string[] = [];
  let heard = () => {};
  const ready = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const end = runChild({
    script,
    args: [],
    env: {},
    limitMs: 60_000,
    stop: stop.signal,
    hurry: hurry.signal,
    leave: leave.signal,
    said: (line) => {
      said.push(line);
      if (line === 'ready') heard();
    },
    ...more,
  });
  return { end, ready, said, stop, hurry, leave };
}

/** Counts SIGTERM on stderr and leaves at the second one. */
const COUNTS = `let n = 0; process.on('SIGTERM', () => { console.error('signal ' + ++n); if (n === 2) process.exit(9); }); setInterval(() => {}, 1000);`;
const DEAF = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`;

describe('a child process', () => {
  test('is given more time to settle than any statement may take, by the schedule and by whoever stops that', () => {
    expect(SETTLE_MS / 1000).toBeGreaterThanOrEqual(longestStatement());
    const [, seconds] = /docker stop -t (\d+)/.exec(readFileSync('docs/running/schedule.md', 'utf8')) ?? [];
    expect(Number(seconds)).toBeGreaterThanOrEqual(longestStatement());
  });

  test('gives its output, its exit code and how long it took', async () => {
    const { end, said } = child(`console.log(process.argv.slice(2).join() + process.env.A); process.exitCode = 2;`, {
      args: ['a', 'b c'],
      env: { A: '$B' },
    });
    expect(await end).toMatchObject({
      code: 2,
      signal: null,
      stdout: 'a,b c$B\n',
      overdue: false,
      failedToStart: false,
    });
    expect((await end).durationMs).toBeGreaterThan(5);
    expect(said).toEqual(['ready']);
  });

  test('has nobody to ask, and a process group of its own', async () => {
    const group = `const { readFileSync } = require('node:fs'); const stat = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
      console.log(JSON.stringify({ leads: Number(stat[2]) === process.pid, stdin: readFileSync(0, 'utf8') }));`;
    expect(JSON.parse((await child(group).end).stdout ?? '')).toEqual({ leads: true, stdin: '' });
  });

  test('that crashes is an ending like another', async () => {
    expect(await child(`throw new Error('x')`).end).toMatchObject({ code: 1, signal: null, stdout: '' });
    expect(await child(`process.kill(process.pid, 'SIGKILL')`).end).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('that prints without end is not kept', async () => {
    const { end } = child(`const line = 'x'.repeat(1 << 20); for (let n = 0; n < 20; n++) process.stdout.write(line);`);
    expect(await end).toMatchObject({ code: 0, stdout: null });
  });

  test('that does not exist is an ending too', async () => {
    const gone = await child('', { script: join(folder, 'gone.cjs') }).end;
    expect(gone).toMatchObject({ code: 1, stdout: '' });
  });

  test('that the system cannot give is an ending too', async () => {
    // More than one variable may hold; a lack of memory is thrown in the same way.
    const { end } = child('', { env: { BIG: 'x'.repeat(1 << 18) } });
    expect(await end).toMatchObject({ code: null, signal: null, stdout: '', failedToStart: true, overdue: false });
  });

  test('gets each of two signals once, and dies at the third', async () => {
    const { end, ready, said, stop, hurry } = child(COUNTS);
    await ready;
    stop.abort();
    await expect.poll(() => said).toContain('signal 1');
    hurry.abort();
    expect(await end).toMatchObject({ code: 9, signal: null });
    expect(said).toEqual(['ready', 'signal 1', 'signal 2']);

    const deaf = child(DEAF);
    await deaf.ready;
    deaf.stop.abort();
    deaf.hurry.abort();
    deaf.leave.abort();
    expect(await deaf.end).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('is told to stop when its time is up', async () => {
    const { end } = child(`process.on('SIGTERM', () => process.exit(143)); setInterval(() => {}, 1000);`, {
      limitMs: 300,
    });
    expect(await end).toMatchObject({ code: 143, overdue: true });
  });

  test('and killed when it does not', async () => {
    const { end, ready } = child(DEAF, { limitMs: 300, settleMs: 200 });
    await ready;
    expect(await end).toMatchObject({ code: null, signal: 'SIGKILL', overdue: true });
  });

  test('that begins after the stop is stopped', async () => {
    const { end } = child(`setInterval(() => {}, 1000);`, { stop: AbortSignal.abort() });
    expect(await end).toMatchObject({ code: null, signal: 'SIGTERM' });
  });
});
