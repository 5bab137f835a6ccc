import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hasTerminal, runOnTerminal } from '../support/pty.ts';

const config = { ...PLAIN_CONFIG, grace: '0' };
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await crowd(db, 40);
});
afterAll(() => db.drop());

/** Each test has a shard to itself, so that it finds somebody missing. */
function sync(shard: string, options: { columns?: number; env?: Record<string, string> } = {}): Promise<string> {
  const flags = ['--shard', shard, '--allow-share', '--log-level', 'info'];
  return runOnTerminal(['sync', ...flags], { url: db.url, config, ...options });
}

/** What stood in the status line, one after the other. */
function statusLines(output: string): string[] {
  return output
    .split('\r\u001b[K')
    .slice(1)
    .map((text) => text.split(/\r?\n/)[0] ?? '');
}

describe.skipIf(!hasTerminal).concurrent('on a terminal', () => {
  test('progress is one line that goes away, and the log does not run into it', async () => {
    const output = await sync('1/4');
    expect(statusLines(output).some((line) => /^\[█{30}\] {2}100% {2}(\d+) of \1 .*verifying$/.test(line))).toBe(true);
    expect(statusLines(output).at(-1)).toMatch(/^(\u001b\[\d+m)*userdrift sync/);
    expect(output).toMatch(/\r\u001b\[K\[[\d:.]+\].*run ended/);
    expect(output).toMatch(/\u001b\[32m.*REPAIRED/);
  });

  test.each([40, 60])('%i columns are enough: nothing of it is wider', async (columns) => {
    const output = await sync(columns === 40 ? '2/4' : '3/4', { columns });
    const lines = statusLines(output).filter((line) => line.includes('%'));
    expect(lines.length).toBeGreaterThan(0);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
  });

  test('TERM=dumb gets plain text, NO_COLOR no colours', async () => {
    const [dumb, plain] = await Promise.all([
      sync('7/8', { env: { TERM: 'dumb' } }),
      sync('8/8', { env: { NO_COLOR: '1' } }),
    ]);
    expect(dumb).toContain('REPAIRED');
    expect(dumb).not.toContain('\u001b');
    expect(plain).toContain('verifying');
    expect(plain).not.toMatch(/\u001b\[\d+m/);
  });
});
