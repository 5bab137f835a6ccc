import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examinationSchema } from '../../src/examination.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { type CliOptions, run } from '../support/cli.ts';
import { type DataApi, dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';
import { insertUser, type Kind, type Person, twelveKinds } from '../support/people.ts';

let db: TestDatabase;
let api: DataApi;
let kinds: Record<Kind, Person>;

beforeAll(async () => {
  db = await createDatabase();
  api = await dataApiOf(db.url);
  await createTable(db, PLAIN_COLUMNS);
  const columns = Object.entries(PLAIN_CONFIG.columns).map(([name, expression]) => ({ name, expression }));
  await db.queryAsPostgres(functionsSql({ ...TEXTBOOK_MAPPING, columns }));
  kinds = await twelveKinds(db);
});
afterAll(() => db.drop());

/** Runs the CLI; whatever it does, it keeps the key to itself. */
async function cli(args: readonly string[], { env, ...options }: CliOptions = {}) {
  const project = { SUPABASE_URL: api.url, SUPABASE_SECRET_KEY: api.secretKey };
  const finished = await run(args, { config: PLAIN_CONFIG, env: env ?? project, ...options });
  const output = [finished.stdout, finished.stderr, ...Object.values(finished.files)].join('\n');
  for (const secret of [api.secretKey, api.publishableKey]) expect(output).not.toContain(secret);
  return finished;
}

test('with the URL and the key alone it goes over HTTP: check, one person, sync, and all is well', async () => {
  const check = await cli(['check']);
  expect(check.stdout).toMatch(/DRIFT {2}9 users are missing from public\.users/);
  expect(check.stdout).toMatch(/^ +service_role@127\.0\.0\.1:\d+\/\w+ \(PostgreSQL [\d.]+\) over HTTP$/m);
  expect(check.code).toBe(2);

  const asked = [kinds.fullMetadata.id, kinds.softDeleted.id].flatMap((id) => ['--user', id]);
  const person = await cli(['sync', ...asked, '--json']);
  expect(person.json()).toMatchObject({ transport: 'http', verdict: 'repaired', repair: { scanned: 1, inserted: 1 } });
  expect(person.json().users).toMatchObject([{ outcome: 'inserted' }, { outcome: 'excluded', why: 'deleted' }]);

  const sync = await cli(['sync', '--report', 'report.json', '--log-level', 'debug']);
  expect(sync.stdout).toMatch(/REPAIRED {2}8 missing users inserted/);
  expect(sync.stdout).toContain('there is no run lock over HTTP');
  expect(sync.code).toBe(0);
  expect(await idsIn(db)).toHaveLength(9);

  const green = await cli(['check', '--quiet']);
  expect(green).toMatchObject({ code: 0, stdout: '', stderr: '' });
});

describe.concurrent('which way', () => {
  test('DATABASE_URL comes first, unless --transport says otherwise', async () => {
    const env = { SUPABASE_URL: api.url, SUPABASE_SECRET_KEY: api.secretKey };
    const both = await cli(['check', '--json'], { url: db.url, env });
    expect(both.json().transport).toBe('postgres');
    const http = await cli(['check', '--json', '--transport', 'http', '--grace', '0'], { url: db.url, env });
    expect(http.json().transport).toBe('http');
  });

  test('a legacy key does, with a warning', async () => {
    const env = { SUPABASE_URL: api.url, SUPABASE_SERVICE_ROLE_KEY: api.secretKey };
    const { json } = await cli(['check', '--json'], { env });
    expect(json().warnings).toMatchObject([
      { code: 'legacy_key', fix: expect.stringContaining('SUPABASE_SECRET_KEY') },
    ]);
  });

  test('what is missing is one line, exit 1', async () => {
    const { code, stdout, said } = await cli(['check', '--transport', 'http'], { env: { SUPABASE_URL: api.url } });
    expect(said).toEqual([
      expect.stringMatching(/SUPABASE_SECRET_KEY is not set, and --transport http needs it\. Fix: /),
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test('a wrong key and functions of another mapping are told apart', async () => {
    const wrong = await cli(['check'], { env: { SUPABASE_URL: api.url, SUPABASE_SECRET_KEY: 'sb_secret_wrong' } });
    expect(wrong).toMatchObject({
      code: 1,
      said: [expect.stringMatching(/does not accept the key\. Fix: .*SUPABASE_SECRET_KEY/)],
    });
    const other = await cli(['check'], { config: { ...PLAIN_CONFIG, skip: { sso: true } } });
    expect(other).toMatchObject({
      code: 1,
      said: [expect.stringMatching(/another mapping\. Fix: run userdrift sql functions again/)],
    });
  });

  test('doctor tells what can be told over HTTP', async () => {
    const { code, stdout } = await cli(['doctor', '--json']);
    const { findings, database } = examinationSchema.parse(JSON.parse(stdout));
    expect(findings.map(({ code: found }) => found)).toEqual(
      expect.arrayContaining(['connection', 'server', 'role', 'source_seen', 'target_seen', 'key']),
    );
    expect(findings.filter(({ level }) => level === 'problem')).toEqual([]);
    expect({ code, user: database.user }).toEqual({ code: 0, user: 'service_role' });
  });
});

test('without a configuration the functions say which table, and the same columns are inferred', async () => {
  const { id } = await insertUser(db);
  const inferred = [
    { name: 'email', expression: 'u.email' },
    {
      name: 'full_name',
      expression: `coalesce(nullif(u.raw_user_meta_data->>'full_name', ''), nullif(u.raw_user_meta_data->>'name', ''), nullif(u.raw_user_meta_data->>'display_name', ''), split_part(u.email, '@', 1))`,
    },
  ];
  await db.queryAsPostgres(functionsSql({ ...TEXTBOOK_MAPPING, columns: inferred }));
  const { json } = await cli(['sync', '--json'], { config: {} });
  expect(json()).toMatchObject({ verdict: 'repaired', target: 'public.users', repair: { inserted: 1 } });
  expect(await idsIn(db)).toContain(id);
});
