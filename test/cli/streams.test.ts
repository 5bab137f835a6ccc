import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type CliOptions, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
const sync = (args: string[], options: CliOptions) =>
  run(['sync', ...args], { url: db.url, config: PLAIN_CONFIG, ...options });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await canaryCrowd(db, 50);
});
afterAll(() => db.drop());
beforeEach(() => db.query('truncate public.users'));

describe('what becomes of the output changes neither data nor exit code', () => {
  const cases: [string, CliOptions][] = [
    ['stdout closed after a byte', { stdout: 'one byte' }],
    ['stdout closed from the start', { stdout: 'closed' }],
    ['stdout on a full disk', { stdout: { path: '/dev/full' } }],
    ['stderr closed after a byte', { stderr: 'one byte' }],
    ['stderr closed from the start', { stderr: 'closed' }],
    ['both closed from the start', { stdout: 'closed', stderr: 'closed' }],
    ['stdin closed from the start', { stdin: 'closed' }],
    ['stdin at its end', { stdin: { text: '' } }],
    ['something on stdin', { stdin: { text: 'y\n'.repeat(100_000) } }],
  ];

  test.each(cases)('%s', async (_, options) => {
    const { code } = await sync(['--json', '--log-level', 'debug'], options);
    expect(code).toBe(0);
    expect(await idsIn(db)).toHaveLength(50);
  });

  test.each(cases.filter(([, { stdout }]) => stdout !== undefined))(
    'check with %s is still drift',
    async (_, options) => {
      const { code } = await run(['check'], { url: db.url, config: PLAIN_CONFIG, ...options });
      expect(code).toBe(2);
    },
  );
});

test('a report that is larger than a pipe arrives whole', async () => {
  const ids = await idsIn(db, 'auth.users');
  const strangers = Array.from({ length: 800 }, () => randomUUID());
  const named = [...ids, ...strangers].flatMap((id) => ['--user', id]);
  const { stdout, json, code } = await run(['check', '--json', ...named], { url: db.url, config: PLAIN_CONFIG });
  expect(stdout.length).toBeGreaterThan(2 ** 16);
  expect(json().users).toHaveLength(850);
  expect(code).toBe(1);
});
