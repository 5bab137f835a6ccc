import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import { freshness } from '../../src/doctor/past.ts';
import { SIGNATURES } from '../../src/sql/signatures.ts';
import { GOOD_RUN } from '../history/any-run.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { codesOf, doctor, doctorOverHttp, shown } from '../support/doctor.ts';
import { makeFunctions } from '../support/functions.ts';
import { over, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';
import { apply, printed } from '../support/printed.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  await insertUser(db);
  await db.queryAsPostgres(`
    create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as
      $$ begin insert into public.users (id, email) values (new.id, new.email); return new; end $$`);
  await db.query(`create trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user()`);
});
afterAll(() => db.drop());

beforeEach(async () => {
  const names = [...SIGNATURES.history, ...SIGNATURES.functions].map(
    ({ name }) => `drop function if exists public.${name}`,
  );
  await db.query(`drop schema if exists userdrift cascade; ${names.join(';')}`);
});

const install = async () => apply(db, await printed('history', {}));
const functions = () =>
  makeFunctions(db.url, plan('sync', parseConfig(JSON.stringify(TEXTBOOK), 'test'), { ids: true, maxDrift: 0 }));
const about = (topic: string, { findings }: Awaited<ReturnType<typeof doctor>>) =>
  findings.filter((finding) => finding.about === topic);

test('no history is nothing wrong: it is told with the command that installs one', async () => {
  const examination = await doctor(db.url);
  expect(examination).toMatchObject({ exitCode: 0, counts: { warning: 0, problem: 0 } });
  expect(about('history', examination)).toMatchObject([
    { level: 'ok', code: 'history_absent', fix: 'userdrift sql history | psql "$DATABASE_URL"' },
  ]);
  expect(shown(examination)).toContain('✓ READY  nothing is in the way of a sync');
});

test('all as printed: nothing of ours is open', async () => {
  await install();
  await functions();
  for (const examination of [await doctor(db.url), await doctorOverHttp(db.url)]) {
    expect(codesOf(examination)).toEqual([]);
    expect(about('access', examination)).toMatchObject([{ level: 'ok', code: 'access' }]);
    expect(about('history', examination)).toMatchObject([{ level: 'ok', code: 'history' }]);
  }
});

describe.for(['postgres', 'http'] as const)('over %s', (transport) => {
  const examine = () => (transport === 'http' ? doctorOverHttp(db.url) : doctor(db.url));

  test.for<[string, string, string]>([
    ...[...SIGNATURES.functions, ...SIGNATURES.history].map(({ name, arguments: types }): [string, string, string] => [
      `public.${name}(${types})`,
      'public',
      'anon and authenticated',
    ]),
    ['public.userdrift_measure(scope jsonb)', 'authenticated', 'authenticated'],
  ])('%s that %s may execute is a problem whose fix closes it', async ([signature, to, who]) => {
    await install();
    await functions();
    await db.query(`grant execute on function ${signature} to ${to}`);
    const examination = await examine();
    expect(examination.exitCode).toBe(1);
    expect(codesOf(examination)).toEqual(['function_open']);
    const [finding] = about('access', examination);
    expect(finding?.fact).toContain(`${who} may call ${signature}`);
    expect(shown(examination)).toContain('✗ OPEN  nothing stops a sync, but there is 1 problem with who gets at what');
    await db.queryAsPostgres(finding?.fix ?? '');
    expect(codesOf(await examine())).toEqual([]);
  });

  test('a table of runs that a role of the API may read is a problem whose fix closes it', async () => {
    await install();
    await functions();
    await db.query('grant usage on schema userdrift to anon, service_role; grant select on userdrift.runs to anon');
    await db.query('grant select (run_id) on userdrift.runs to service_role');
    const examination = await examine();
    expect(codesOf(examination)).toEqual(['history_open']);
    const [finding] = about('access', examination);
    expect(finding?.fact).toContain('anon and service_role may get at the table userdrift.runs');
    await db.queryAsPostgres(finding?.fix ?? '');
    expect(codesOf(await examine())).toEqual([]);
  });

  test('no proof for a day is a warning, and a run mends it', async () => {
    await install();
    await functions();
    await over(transport)('sync', { url: db.url });
    expect(codesOf(await examine())).toEqual([]);
    await db.query(`update userdrift.runs set started_at = started_at - interval '3 days 1 hour'`);
    const examination = await examine();
    expect(examination.exitCode).toBe(0);
    expect(about('history', examination)).toMatchObject([
      { level: 'warning', code: 'history_stale', fact: 'no run has proved anything for 3d' },
    ]);
    await over(transport)('check', { url: db.url });
    expect(codesOf(await examine())).toEqual([]);
  });
});

test('an open function stops no run', async () => {
  await install();
  await db.query('grant execute on function public.userdrift_history(integer, text) to anon');
  expect((await over('postgres')('sync', { url: db.url })).exitCode).toBe(0);
});

test("an application's own function under one of our names is its own business", async () => {
  await db.queryAsPostgres(`create function public.sync_user_from_auth(user_id uuid) returns jsonb language sql
    as 'select null::jsonb'; grant execute on function public.sync_user_from_auth(uuid) to anon`);
  expect(codesOf(await doctor(db.url))).toEqual([]);
});

test('a role that may not record is told so, with the grant', async () => {
  await install();
  const role = await db.createRole('bypassrls');
  await db.query(`grant pg_read_all_data to ${role.name}; grant usage on schema auth, public to ${role.name};
    grant insert on public.users to ${role.name}`);
  const examination = await doctor(role.url);
  const closed = about('history', examination);
  expect(closed).toMatchObject([{ level: 'warning', code: 'history_closed' }]);
  await db.queryAsPostgres(closed[0]?.fix ?? '');
  expect(about('history', await doctor(role.url))).toEqual([]);
  await db.query(`drop owned by ${role.name}`);
});

test('without a target, it still tells what is open', async () => {
  await install();
  await db.query('grant execute on function public.userdrift_record_run(jsonb) to anon');
  await db.queryAsPostgres('create table public.profiles (id uuid primary key references auth.users (id))');
  const { target: _, ...config } = TEXTBOOK;
  const codes = codesOf(await doctor(db.url, config));
  await db.query('drop table public.profiles');
  expect(codes).toContain('function_open');
});

describe('how old the last proof is', () => {
  const now = Date.parse('2026-11-20T08:00:00.000Z');
  const bad = { ...GOOD_RUN, verdict: 'drift' as const, exitCode: 2 };
  test.for<[string, string, Parameters<typeof freshness>[0]]>([
    ['ok', 'no run of this target is in it yet', []],
    ['warning', 'the one run so far has proved nothing', [bad]],
    ['warning', 'none of the last 2 runs', [bad, { ...GOOD_RUN, dryRun: true }]],
    ['warning', 'for 3d', [bad, GOOD_RUN]],
    [
      'ok',
      'of the last 24 hours has proved that nobody',
      [bad, { ...GOOD_RUN, startedAt: '2026-11-19T08:00:00.000Z' }],
    ],
    [
      'ok',
      'no more are missing than --max-drift allows',
      [{ ...GOOD_RUN, startedAt: '2026-11-19T08:00:00.000Z', residual: 2 }],
    ],
  ])('%s: %s', ([level, fact, runs]) => {
    expect(freshness(runs, now)).toMatchObject({ level, fact: expect.stringContaining(fact) });
  });
});
