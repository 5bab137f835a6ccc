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

test('a large report arrives whole through a slow pipe', async () => {
  await db.queryAsPostgres('alter table public.users add constraint no check (full_name is null)');
  const { json, code } = await sync(['--json'], {});
  expect(json()).toMatchObject({ verdict: 'failed' });
  expect(code).toBe(1);
  await db.queryAsPostgres('alter table public.users drop constraint no');
});
