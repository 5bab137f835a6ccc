import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Past, pastSchema } from '../../src/history/past.ts';
import { run } from '../support/cli.ts';
import { dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { over, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';
import { apply, printed } from '../support/printed.ts';

let db: TestDatabase;
let http: Record<string, string>;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  const { url, secretKey } = await dataApiOf(db.url);
  http = { SUPABASE_URL: url, SUPABASE_SECRET_KEY: secretKey };
  await over('http')('check', { url: db.url });
});
afterAll(() => db.drop());

function pastIn(text: string): Past {
  const document: unknown = JSON.parse(text);
  expect(text).toBe(`${text.trimEnd()}\n`);
  const past = pastSchema.parse(document);
  expect(document).toEqual(past);
  return past;
}

test('without a history, one line says so and how to have one, on either way', async () => {
  for (const options of [{ url: db.url }, { env: http }]) {
    const { code, stdout, said } = await run(['history', '--json'], options);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('no history is installed');
    expect(said[0]).toContain('Fix: userdrift sql history | psql "$DATABASE_URL"');
  }
});

describe('with a history', () => {
  beforeAll(async () => {
    await apply(db, await printed('history', {}));
    await insertUser(db);
    const cli = { config: TEXTBOOK, url: db.url };
    expect((await run(['check', '--quiet'], cli)).code).toBe(2);
    expect((await run(['sync', '--transport', 'http'], { ...cli, env: http })).code).toBe(0);
    await db.query(`insert into userdrift.runs select run_id || 'O', started_at - interval '9 days', duration_ms, tool_version,
      command, transport, 'public.other', dry_run, full_scope, since, shard, named_users, verdict, exit_code, reason,
      source_total, missing, stale, orphans, oldest, inserted, refreshed, failed, residual, residual_stale, arrived
      from userdrift.runs where command = 'check'`);
  });

  test('both ways give the same document: the runs of the target, the newest first', async () => {
    const [direct, overHttp] = await Promise.all([
      run(['history', '--json'], { config: TEXTBOOK, url: db.url }),
      run(['history', '--json'], { config: TEXTBOOK, env: http }),
    ]);
    expect([direct.code, overHttp.code]).toEqual([0, 0]);
    const past = pastIn(direct.stdout);
    expect(pastIn(overHttp.stdout)).toEqual(past);
    expect(past.target).toBe('public.users');
    expect(past.runs).toMatchObject([
      { command: 'sync', transport: 'http', verdict: 'repaired', inserted: 1 },
      { command: 'check', transport: 'postgres', verdict: 'drift', exitCode: 2, missing: 1 },
    ]);
    expect(past.summary).toMatchObject({ runs: 2, targets: [{ lastGoodAt: expect.any(String), longestGap: null }] });
  });

  test('for people it fits a terminal and ends with one line to grep for', async () => {
    const { code, stdout } = await run(['history', '--target', 'public.users'], { url: db.url });
    expect(code).toBe(0);
    expect(stdout).toContain('✓ IN SYNC  nobody is missing from public.users, last proved');
    expect(stdout).toMatch(/\nhistory, exit 0, \d+\.\ds, read-only, 2 runs\n$/);
  });

  test('a target is not needed, and a time and a number narrow it down', async () => {
    const all = pastIn((await run(['history', '--json'], { url: db.url })).stdout);
    expect(all).toMatchObject({ target: null, summary: { runs: 3, targets: [{ target: 'public.other' }, {}] } });
    const recent = pastIn((await run(['history', '--json', '--last', '8d'], { url: db.url })).stdout);
    expect(recent).toMatchObject({ target: 'public.users', summary: { runs: 2 } });
    const one = pastIn((await run(['history', '--json', '--limit', '1'], { url: db.url })).stdout);
    expect(one).toMatchObject({ runs: [{ command: 'sync' }] });
  });

  test('a page is written beside it', async () => {
    const { code, stdout, files } = await run(['history', '--html', 'past.html'], { config: TEXTBOOK, url: db.url });
    expect(code).toBe(0);
    expect(stdout).toContain('userdrift history');
    expect(files['past.html']).toMatch(/^<!doctype html>[\s\S]*public\.users/i);
  });

  test('no run at all is an answer, too', async () => {
    const { code, stdout } = await run(['history', '--target', 'public.nobody'], { url: db.url });
    expect(code).toBe(0);
    expect(stdout).toContain('! NOTHING YET  no run of public.nobody is recorded');
  });

  test('a role that may not read it is told what to grant', async () => {
    const role = await db.createRole();
    const { code, said } = await run(['history'], { url: role.url });
    expect(code).toBe(1);
    expect(said.join()).toContain('grant execute on function public.userdrift_history(integer, text)');
  });

  test('refresh and repair.function, which no run over HTTP takes, are nothing to it', async () => {
    const config = { ...TEXTBOOK, refresh: ['email'] };
    expect((await run(['history', '--json'], { config, env: http })).code).toBe(0);
  });

  test.for<[string, string[]]>([
    ['a number that is none', ['--limit', '0']],
    ['a duration that is none', ['--last', 'week']],
    ['a key', ['--key', 'id']],
    ['a table name that is none', ['--target', 'a.b.c']],
  ])('the command line is wrong with %s', async ([, flags]) => {
    expect((await run(['history', ...flags], { url: db.url })).code).toBe(64);
  });
});

describe('a warning about an entry', () => {
  test('is one line of the log, says no more than a code, and leaves the exit code alone', async () => {
    await db.query('alter table userdrift.runs add constraint later check (started_at is null) not valid');
    const { code, log } = await run(['check', '--json'], { config: TEXTBOOK, url: db.url });
    expect(code).toBe(0);
    expect(log.filter(({ level }) => level === 40)).toMatchObject([
      { msg: 'the run was not recorded in the history', code: '23514' },
    ]);
    await db.query('alter table userdrift.runs drop constraint later');
  });
});
