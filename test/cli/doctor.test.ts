import { afterAll, beforeAll, expect, test } from 'vitest';
import { examinationSchema } from '../../src/examination.ts';
import { run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await insertUser(db);
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});
afterAll(() => db.drop());

test('text for people, exit 0; with --json exactly one document, and nothing else', async () => {
  const text = await run(['doctor'], { url: db.url, config: TEXTBOOK });
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/^userdrift doctor {3}auth\.users -> public\.users\n/);
  const json = await run(['doctor', '--json'], { url: db.url, config: TEXTBOOK });
  expect(json).toMatchObject({ code: 0, stderr: '' });
  const document: unknown = JSON.parse(json.stdout);
  expect(examinationSchema.parse(document)).toEqual(document);
});

test('exit 1 for a problem, which is told on stdout in both forms', async () => {
  const config = { ...TEXTBOOK, key: 'nope' };
  const text = await run(['doctor'], { url: db.url, config });
  expect(text).toMatchObject({ code: 1, stderr: '' });
  expect(text.stdout).toMatch(/✗ public\.users has no column nope \(key_missing\)\n +fix: .*--key/);
  const json = await run(['doctor', '--json'], { url: db.url, config });
  expect(json.code).toBe(1);
  expect(examinationSchema.parse(JSON.parse(json.stdout))).toMatchObject({ exitCode: 1, counts: { problem: 1 } });
});

test.each([
  ['no DATABASE_URL', undefined, 'database_url_missing'],
  ['nobody there', 'postgresql://postgres:secret@127.0.0.1:1/postgres', 'connection_refused'],
  ['a mangled one', 'postgresql://postgres:sec@ret99@127.0.0.1/postgres', 'database_url_unescaped'],
])('%s is a finding, too', async (_, url, code) => {
  const { code: exit, stdout, stderr } = await run(['doctor', '--json'], url === undefined ? {} : { url });
  expect(exit).toBe(1);
  expect(stderr).toBe('');
  const { findings } = examinationSchema.parse(JSON.parse(stdout));
  expect(findings).toEqual([expect.objectContaining({ about: 'connection', level: 'problem', code })]);
});

test('a fault of the configuration is one line, as for every command', async () => {
  const { code, stdout, stderr } = await run(['doctor'], { url: db.url, config: { taget: 'public.users' } });
  expect(stderr).toMatch(/^userdrift: userdrift\.config\.json: taget: unknown key.*\n$/);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
});

test('a flag that only jobs have is a wrong command line', async () => {
  expect(await run(['doctor', '--dry-run'], { url: db.url })).toMatchObject({ code: 64, stdout: '' });
});

test('a signal ends it with the code of the signal', async () => {
  await using blocker = await blocked();
  const { kill, done } = await start(['doctor'], { url: db.url, config: TEXTBOOK });
  await blocker.met();
  kill('SIGTERM');
  expect(await done).toMatchObject({ code: 143, stdout: '' });
});

/** Holds the target so that nobody can even plan a statement on it. */
async function blocked() {
  const client = await db.admin.connect();
  await client.query('begin; lock table public.users in access exclusive mode');
  return {
    async met() {
      const waiting = `select from pg_locks where not granted and relation = 'public.users'::regclass`;
      for (let tries = 0; tries < 300; tries += 1) {
        if ((await db.query(waiting)).length > 0) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async [Symbol.asyncDispose]() {
      await client.query('rollback');
      client.release();
    },
  };
}
