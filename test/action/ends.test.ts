import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type RunningAction, runAction, startAction } from '../support/action.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { insertUser } from '../support/people.ts';

const files = { 'userdrift.config.json': JSON.stringify(PLAIN_CONFIG) };

let db: TestDatabase;
let gate: Gate;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await insertUser(db);
  gate = await gateBefore(db, 'public.users');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('delete from public.users');
  await gate.close();
});
// Also the statement of a process that was killed passes, and ends.
afterEach(async () => {
  await gate.open();
  const waiting = `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
  await until(db, `select where not exists (${waiting})`);
});

/** A sync with its first row at the closed gate. */
async function syncAtGate(inputs: Record<string, string> = {}): Promise<RunningAction> {
  const running = await startAction({ command: 'sync', 'database-url': db.url, ...inputs }, { files });
  await gate.crowded(1);
  return running;
}

/** The command line that the action has started. */
function cliOf({ child }: RunningAction): number {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const processes = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const [pid] = processes.find(([, parent]) => parent === child.pid) ?? [];
  if (pid === undefined) throw new Error('the action has started no process');
  return pid;
}

describe('a process that dies without a report', () => {
  test('is an error, not a success, and no older report stands for it', async () => {
    const old = readFileSync('docs/report.example.json', 'utf8');
    const running = await startAction(
      { command: 'sync', 'database-url': db.url, report: 'old.json' },
      { files: { ...files, 'old.json': old } },
    );
    await gate.crowded(1);
    process.kill(cliOf(running), 'SIGKILL');
    const { code, annotations, outputs, summary } = await running.done;
    const what = 'userdrift ended without a report (SIGKILL)';
    expect(annotations).toEqual([{ level: 'error', title: 'userdrift', message: what }]);
    expect(outputs).toEqual({
      verdict: '',
      'exit-code': '1',
      missing: '',
      inserted: '',
      residual: '',
      oldest: '',
      report: '',
    });
    expect(summary).toContain('userdrift ended without a report');
    expect(code).toBe(1);
  });
});

describe('a run that is cancelled', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s settles, reports, and warns', async (signal, expected) => {
    const running = await syncAtGate({ alert: 'true' });
    running.child.kill(signal);
    await sleep(100);
    await gate.open();
    const { code, annotations, outputs, report } = await running.done;
    expect(annotations).toMatchObject([{ level: 'warning', title: 'userdrift sync: interrupted' }]);
    expect(outputs).toMatchObject({ verdict: 'interrupted', 'exit-code': String(expected), inserted: '1' });
    expect(report).toMatchObject({ verdict: 'interrupted', repair: { inserted: 1 } });
    expect(code).toBe(expected);
    expect(await idsIn(db)).toHaveLength(1);
  });

  test('twice does not wait for the row', async () => {
    const running = await syncAtGate();
    running.child.kill('SIGINT');
    await sleep(100);
    running.child.kill('SIGTERM');
    const { code, outputs } = await running.done;
    expect(outputs.verdict).toBe('interrupted');
    expect(code).toBe(130);
  });
});

describe('while another run is writing', () => {
  test('a sync warns, with 3; with busy-ok it is silent, with 0', async () => {
    const first = await syncAtGate();
    const second = (inputs: Record<string, string>) =>
      runAction({ command: 'sync', 'database-url': db.url, ...inputs }, { files });
    const { code, annotations, outputs } = await second({});
    expect(annotations).toMatchObject([{ level: 'warning', title: 'userdrift sync: busy' }]);
    expect(outputs).toMatchObject({ verdict: 'busy', 'exit-code': '3' });
    expect(code).toBe(3);
    expect(await second({ 'busy-ok': 'true' })).toMatchObject({
      code: 0,
      annotations: [],
      outputs: { verdict: 'busy' },
    });
    await gate.open();
    expect(await first.done).toMatchObject({ code: 0, outputs: { verdict: 'repaired' } });
  });
});
