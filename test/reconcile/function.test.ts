import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { Interruption } from '../../src/reconcile/stop.ts';
import type { Report } from '../../src/report.ts';
import { idsIn } from '../support/app.ts';
import { run as cli } from '../support/cli.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { doctor } from '../support/doctor.ts';
import { type Asked, run } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';
import { KINDS, twelveKinds } from '../support/people.ts';
import {
  AT_GATE,
  CONFIG,
  calls,
  makeGate,
  RECORD,
  repairFunction,
  startOver,
  WRITE,
} from '../support/repair-function.ts';

let db: TestDatabase;
let role: { name: string; url: string };

beforeAll(async () => {
  db = await createDatabase();
  role = await db.createRole('noinherit');
});
afterAll(() => db.drop());
beforeEach(() => startOver(db));

const releases: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0)) await release();
});

const job = (command: 'check' | 'sync' | 'backfill', asked: Partial<Asked> = {}): Promise<Report> =>
  run(command, { url: db.url, config: CONFIG, ...asked });
const sync = (asked: Partial<Asked> = {}) => job('sync', asked);

describe('who is called', () => {
  test('the expected users without a row, once each; a second run calls nobody', async () => {
    const people = await twelveKinds(db);
    await db.query('insert into public.users (id) values ($1)', [people.banned.id]);
    await repairFunction(db, WRITE);
    const expected = KINDS.filter((kind) => people[kind].expected === 'missing' && kind !== 'banned');
    const report = await sync();
    expect(report).toMatchObject({ verdict: 'repaired', exitCode: 0, residual: { missing: 0, arrived: 1 } });
    expect(report.repair).toMatchObject({ scanned: expected.length, inserted: expected.length });
    const called = new Set(expected.map((kind) => people[kind].id));
    expect(await calls(db)).toHaveLength(called.size);
    expect(new Set(await calls(db))).toEqual(called);
    expect(await sync()).toMatchObject({ verdict: 'in_sync', repair: { scanned: 0 }, batches: { count: 0 } });
    expect(await calls(db)).toHaveLength(called.size);
  });

  test('not who has a row by now, has become anonymous or was deleted since the scan', async () => {
    const [first = '', second = '', third = '', fourth = ''] = await crowd(db, 4);
    await repairFunction(db, WRITE);
    const report = await sync({
      wrap: beforeWrite(async () => {
        await db.query('insert into public.users (id) values ($1)', [first]);
        await db.query('update auth.users set is_anonymous = true where id = $1', [second]);
        await db.query('delete from auth.users where id = $1', [third]);
      }),
    });
    expect(report).toMatchObject({ verdict: 'repaired' });
    expect(report.repair).toMatchObject({ inserted: 1, alreadyPresent: 1, excluded: 1, vanished: 1 });
    expect(await calls(db)).toEqual([fourth]);
  });

  test('a function that raises although the row is there has not failed', async () => {
    const [id] = await crowd(db, 1);
    const gate = await makeGate(db);
    await repairFunction(db, `${AT_GATE} raise exception 'already exists';`);
    const running = sync();
    await expect.poll(gate.waiting).toBe(1);
    await db.query('insert into public.users (id) values ($1)', [id]);
    await gate.open();
    expect(await running).toMatchObject({ verdict: 'repaired', repair: { alreadyPresent: 1, failed: 0 } });
  });

  test('a function that deletes the user instead: the user has vanished', async () => {
    const [id] = await crowd(db, 2);
    await repairFunction(
      db,
      `if user_id = '${id}' then delete from auth.users where id = user_id; else ${WRITE} end if;`,
    );
    expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 1, vanished: 1 } });
  });

  test('named users: the missing ones only, with a line each', async () => {
    const [first = '', second = '', third = ''] = await crowd(db, 4);
    await db.query('insert into public.users (id) values ($1)', [first]);
    await repairFunction(db, `if user_id = '${third}' then raise exception 'no'; end if; ${WRITE}`);
    const user = [first, second, third];
    expect(await job('check', { flags: { user } })).toMatchObject({ verdict: 'drift' });
    const report = await sync({ flags: { user } });
    expect(report).toMatchObject({ verdict: 'unrepaired', repair: { scanned: 2, inserted: 1, failed: 1 } });
    expect(report.users?.map(({ outcome, code }) => [outcome, code])).toEqual([
      ['already_present', null],
      ['inserted', null],
      ['failed', 'P0001'],
    ]);
    expect(await calls(db)).toEqual([second]);
  });
});

test('many named users are read back in groups, so that outcomes are known on the way', async () => {
  const ids = await crowd(db, 25);
  await repairFunction(db, WRITE);
  expect(await sync({ flags: { user: ids } })).toMatchObject({ repair: { inserted: 25 }, batches: { count: 2 } });
});

test('the job does what calling the function for one user after the other does', async () => {
  const people = await twelveKinds(db);
  await db.queryAsPostgres(`alter table public.users alter email set not null, add unique (email),
    alter full_name type varchar(200); create table public.accounts (user_id uuid, plan text)`);
  await repairFunction(
    db,
    `insert into public.accounts values (user_id, 'free');
     insert into public.users select id, email, raw_user_meta_data->>'full_name', created_at from auth.users where id = user_id;
     return jsonb_build_object('success', true);`,
    'jsonb',
    'security definer',
  );
  const state = async () => ({
    users: await db.query('select md5(u::text) as row from public.users u order by id'),
    accounts: await db.query('select user_id, plan from public.accounts order by 1'),
  });
  const report = await sync();
  const done = await state();
  await db.query('truncate public.users, public.accounts');
  const failures: { id: string; code: unknown }[] = [];
  for (const { id } of KINDS.map((kind) => people[kind]).filter(({ expected }) => expected === 'missing')) {
    await db.queryAsPostgres('select public.repair_user($1)', [id]).catch((error: unknown) => {
      failures.push({ id, code: error instanceof Error && Reflect.get(error, 'code') });
    });
  }
  const byId = (one: { id: string | null }, other: { id: string | null }) =>
    (one.id ?? '') < (other.id ?? '') ? -1 : 1;
  // Of the twins with one mail either may be first.
  const twins = new Set([people.fullMetadata.id, people.ssoTwin.id]);
  const told = report.failures.map(({ id, code }) => ({ id, code })).sort(byId);
  expect(told.filter(({ id }) => !twins.has(id ?? ''))).toEqual(failures.filter(({ id }) => !twins.has(id)).sort(byId));
  expect(told).toHaveLength(failures.length);
  expect(failures.length).toBeGreaterThan(2);
  expect((await state()).users).toHaveLength(done.users.length);
  expect((await state()).accounts).toHaveLength(done.accounts.length);
  expect(report.repair.inserted).toBe(done.users.length);
});

describe('tables that an insert of ours could not fill', () => {
  test('a view, a key that is not unique, a NOT NULL column that nobody maps', async () => {
    const ids = await crowd(db, 3);
    await db.queryAsPostgres(`drop table public.users; create table public.people (person uuid, name text not null, tenant int not null);
      create view public.users as select person as id, name from public.people`);
    await repairFunction(
      db,
      `${RECORD} insert into public.people values (user_id, 'somebody', 1), (user_id, 'twice', 2);`,
    );
    expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 3 }, warnings: [] });
    expect(new Set(await idsIn(db))).toEqual(new Set(ids));
    expect(await sync()).toMatchObject({ verdict: 'in_sync' });
  });

  test('a text key', async () => {
    const ids = await crowd(db, 3);
    await db.queryAsPostgres('drop table public.users; create table public.users (id text, email text)');
    await repairFunction(db, `${RECORD} insert into public.users values (user_id::text);`);
    expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 3 } });
    expect(await idsIn(db)).toEqual(ids);
    expect(await sync()).toMatchObject({ verdict: 'in_sync' });
  });

  test('an INSERT rule', async () => {
    await crowd(db, 2);
    await repairFunction(db, WRITE);
    await db.queryAsPostgres('create rule noted as on insert to public.users do also select 1');
    expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 } });
  });

  test('a key of another type stays a problem, and so does a materialized view, which shows no new row', async () => {
    await repairFunction(db, WRITE);
    await db.queryAsPostgres(
      'create table public.numbered (id bigint); create materialized view public.kept as select * from public.users',
    );
    expect(await sync({ config: { ...CONFIG, target: 'public.numbered' } })).toMatchObject({
      reason: { code: 'key_type' },
    });
    expect(await sync({ config: { ...CONFIG, target: 'public.kept' } })).toMatchObject({
      verdict: 'refused',
      reason: { code: 'target_not_a_table' },
    });
  });

  test('a refresh that the database will not run is told before the first call', async () => {
    await crowd(db, 2);
    await repairFunction(db, WRITE);
    await db.queryAsPostgres('create rule log as on update to public.users do also notify changed');
    const config = { ...CONFIG, columns: { email: 'u.email' }, refresh: ['email'] };
    expect(await sync({ config })).toMatchObject({ verdict: 'failed', reason: { code: 'refresh_invalid' } });
    expect(await calls(db)).toEqual([]);
  });

  test('refresh keeps its columns equal beside the function', async () => {
    const [first] = await crowd(db, 3);
    await db.query(`insert into public.users (id, email) values ($1, 'old')`, [first]);
    await repairFunction(db, `${RECORD} insert into public.users (id, full_name) values (user_id, 'by the app');`);
    // An expression that is not refreshed is the function's business, and is never judged.
    const columns = { email: 'u.email', full_name: 'u.no_such_column', no_such_column: '1' };
    const config = { ...CONFIG, columns, refresh: ['email'] };
    const report = await sync({ config });
    expect(report).toMatchObject({
      verdict: 'repaired',
      repair: { inserted: 2, refreshed: 3 },
      residual: { stale: 0 },
    });
    // Nothing was stale before the call, but the function does not write what the mapping says.
    await db.query('delete from public.users where id = $1', [first]);
    expect(await sync({ config })).toMatchObject({ verdict: 'repaired', repair: { inserted: 1, refreshed: 1 } });
    expect(await calls(db)).toHaveLength(3);
    expect(
      await db.query(`select from public.users p join auth.users u using (id) where p.email = u.email`),
    ).toHaveLength(3);
    expect(await sync({ config: { ...config, refresh: ['no_such_column'] } })).toMatchObject({
      reason: { code: 'column_unknown' },
    });
  });
});

describe('a role that may not insert itself', () => {
  async function leastPrivilege(): Promise<object> {
    await db.query(`drop schema if exists userdrift cascade; create schema userdrift authorization postgres; set role postgres;
      create view userdrift.auth_users as select id, email, created_at, deleted_at, is_anonymous, is_sso_user from auth.users;
      grant usage on schema userdrift, public to ${role.name}; grant select on userdrift.auth_users, public.users to ${role.name};
      alter table public.users enable row level security;
      create policy look on public.users for select to ${role.name} using (true); reset role`);
    return { ...CONFIG, source: 'userdrift.auth_users' };
  }

  test('has a security definer function do it, and needs a policy for reading only', async () => {
    const config = await leastPrivilege();
    await crowd(db, 3);
    await repairFunction(db, WRITE, 'void', 'security definer');
    expect(await sync({ url: role.url, config })).toMatchObject({ verdict: 'repaired', repair: { inserted: 3 } });
  });

  test('with a function that runs as its caller, each user fails', async () => {
    const config = await leastPrivilege();
    const [id] = await crowd(db, 1);
    await repairFunction(db, 'insert into public.users (id) values (user_id);');
    const report = await sync({ url: role.url, config });
    expect(report).toMatchObject({ verdict: 'unrepaired', failures: [{ id, code: '42501' }] });
  });

  test('may not execute the function: told before anything, with the grants', async () => {
    const config = await leastPrivilege();
    await crowd(db, 1);
    await repairFunction(db, WRITE, 'void', 'security definer');
    await db.query(`revoke execute on function public.repair_user from public`);
    const denied = await sync({ url: role.url, config });
    expect(denied).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
      reason: { code: 'function_denied' },
      repair: { scanned: 0 },
    });
    expect(denied.reason?.message).toContain(`role ${role.name} may not execute public.repair_user(user_id uuid)`);
    await db.query(denied.reason?.fix ?? '');
    expect(await sync({ url: role.url, config })).toMatchObject({ verdict: 'repaired' });
  });
});

describe('a function that cannot be called stops the run before anything', () => {
  const missing = { ...CONFIG, repair: { function: 'public.no_such' } };

  test('one that is missing; a check warns and does its work', async () => {
    await crowd(db, 2);
    for (const command of ['sync', 'backfill'] as const) {
      const report = await job(command, { config: missing });
      expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'function_missing' } });
      expect(report.reason?.message).toContain('repair.function: there is no function public.no_such');
    }
    const check = await job('check', { config: missing });
    expect(check).toMatchObject({ verdict: 'drift', drift: { missing: 2 }, warnings: [{ code: 'function_missing' }] });
  });

  test.each([
    [
      'text instead of uuid',
      'create function public.no_such(text) returns void language sql as $$ $$',
      /public\.no_such\(text\)/,
    ],
    [
      'two arguments',
      'create function public.no_such(uuid, text) returns void language sql as $$ $$',
      /\(uuid, text\)/,
    ],
    [
      'a trigger function',
      'create function public.no_such() returns trigger language plpgsql as $$ begin end $$',
      /\(\)/,
    ],
    ['a procedure', 'create procedure public.no_such(uuid) language sql as $$ $$', /is a procedure/],
    [
      'two that fit alike',
      `create domain public.one as uuid; create domain public.two as uuid;
       create function public.no_such(public.one) returns void language sql as $$ $$;
       create function public.no_such(public.two) returns void language sql as $$ $$`,
      /not unique/,
    ],
  ])('one that takes %s', async (_, ddl, said) => {
    await crowd(db, 1);
    await db.queryAsPostgres(ddl);
    const report = await sync({ config: missing });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'function_signature' }, repair: { scanned: 0 } });
    expect(report.reason?.message).toMatch(/^repair\.function: /);
    expect(report.reason?.message).toMatch(said);
  });

  test('doctor tells it once, and of one that can be called by what the rows are written', async () => {
    const about = async (config: object) =>
      (await doctor(db.url, config)).findings.filter((finding) => finding.about === 'repair');
    expect(await about(missing)).toMatchObject([{ level: 'problem', code: 'function_missing' }]);
    await db.queryAsPostgres('create procedure public.no_such(uuid) language sql as $$ $$');
    expect(await about(missing)).toMatchObject([{ level: 'problem', code: 'function_signature' }]);
    await repairFunction(db, WRITE);
    const { findings, exitCode } = await doctor(db.url, CONFIG);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: 'ok',
        fact: 'each missing user is written by public.repair_user(user_id uuid)',
      }),
    );
    expect(findings.map(({ fact }) => fact)).toContain('email (text): written by public.repair_user');
    expect(exitCode).toBe(0);
  });

  test.each(['p_user uuid, p_note text default null', 'p_user anyelement', 'variadic p_users uuid[]'])(
    'but one that takes %s fits',
    async (args) => {
      await crowd(db, 2);
      const id = args.startsWith('variadic') ? 'p_users[1]' : 'p_user';
      await db.queryAsPostgres(`create function public.repair_user(${args}) returns void language plpgsql as
        $$ begin insert into public.users (id) values (${id}); end $$`);
      expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 } });
    },
  );

  test('the proof and a dry run call nobody; the dry run shows the call and takes no lock', async () => {
    await crowd(db, 2);
    await repairFunction(db, `perform nextval('public.tries'); ${WRITE}`);
    await withLease(async () => {
      const report = await sync({ flags: { dryRun: true } });
      expect(report).toMatchObject({ verdict: 'drift', exitCode: 2, repair: { scanned: 0 } });
      expect(report.statement).toContain('"public"."repair_user"(u.id)');
      expect(report.statement).not.toContain('insert into');
    });
    expect(await db.query('select is_called from public.tries')).toEqual([{ is_called: false }]);
  });
});

describe('brakes', () => {
  test('a function that lies about everybody is systemic after twenty', async () => {
    await crowd(db, 60);
    await repairFunction(db, `perform nextval('public.tries'); return '{"success":true}';`, 'jsonb');
    const report = await job('backfill', { flags: { concurrency: 1 } });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'systemic_failure' } });
    expect(report.reason?.message).toContain('no error, but no row');
    expect(report.repair).toMatchObject({ inserted: 0, suppressed: 20, failed: 0 });
    expect(report.residual.missing).toBe(60);
    expect(await db.query('select last_value from public.tries')).toEqual([{ last_value: '20' }]);
  });

  test('one that always raises is, too; another writer at work stops after its call', async () => {
    const ids = await crowd(db, 200);
    await repairFunction(
      db,
      `perform nextval('public.tries'); if user_id >= '${ids[20]}' then perform pg_sleep(0.1); end if; raise exception 'no';`,
    );
    const report = await job('backfill', { flags: { concurrency: 2 } });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'systemic_failure' } });
    expect(report.repair.failed).toBeGreaterThan(20);
    expect(report.repair.failed).toBeLessThan(35);
    const [made] = await db.query('select last_value::int as calls from public.tries');
    expect(made).toEqual({ calls: report.repair.failed });
  });

  test('a lie about some is none: limits.failures is the brake', async () => {
    const ids = await crowd(db, 80);
    await repairFunction(db, `if user_id >= '${ids[20]}' then return; end if; ${WRITE}`);
    const limited = { ...CONFIG, limits: { failures: 30 } };
    const report = await job('backfill', { config: limited, flags: { concurrency: 1 } });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'failures_limit' } });
    expect(report.repair).toMatchObject({ inserted: 20, suppressed: 40 });
    // All that are left are lies: that is systemic again.
    expect(await job('backfill')).toMatchObject({ reason: { code: 'systemic_failure' }, repair: { suppressed: 20 } });
  });

  test('a function that reaches outside counts as a trigger that does', async () => {
    await db.query(
      `create schema net authorization postgres; create function net.http_post(url text) returns bigint language sql as 'select 1::bigint'`,
    );
    await crowd(db, 3);
    await repairFunction(db, `${WRITE} perform net.http_post('https://example.com');`);
    const config = { ...CONFIG, limits: { triggers: 2 } };
    const refused = await job('backfill', { config });
    expect(refused).toMatchObject({ verdict: 'refused', exitCode: 4, reason: { code: 'triggers_limit' } });
    expect(refused.reason?.message).toContain(
      'function public.repair_user reaches outside the database and would run for 3 rows',
    );
    expect(await job('check', { config })).toMatchObject({
      verdict: 'drift',
      warnings: [{ code: 'function_outward' }],
    });
    const ids = (await idsIn(db, 'auth.users')).slice(0, 3);
    expect(await sync({ config, flags: { user: ids } })).toMatchObject({ verdict: 'refused' });
    expect(await calls(db)).toEqual([]);
    expect(await sync({ config, flags: { allowTriggers: true } })).toMatchObject({ verdict: 'repaired' });
  });

  test('a trigger of the target that reaches outside counts as it does for inserts', async () => {
    await db.query(`create schema net authorization postgres; create function net.http_post() returns trigger language plpgsql as $$ begin return new; end $$;
      create trigger mail after insert on public.users for each row execute function net.http_post()`);
    await crowd(db, 3);
    await repairFunction(db, WRITE);
    expect(await sync({ config: { ...CONFIG, limits: { triggers: 2 } } })).toMatchObject({
      reason: { code: 'triggers_limit' },
    });
  });
});

describe('one call at a time per writer', () => {
  test('three writers make three calls at once; a stop lets them settle and begins no other', async () => {
    await crowd(db, 60);
    const gate = await makeGate(db);
    await repairFunction(db, `${AT_GATE} ${WRITE}`);
    const stop = new AbortController();
    const running = sync({ stop: stop.signal, flags: { concurrency: 3 } });
    await expect.poll(gate.waiting).toBe(3);
    stop.abort(new Interruption('SIGTERM'));
    await gate.open();
    const report = await running;
    expect(report).toMatchObject({ verdict: 'interrupted', exitCode: 143, residual: { missing: null } });
    expect(report.repair).toMatchObject({ scanned: 60, inserted: 3, unresolved: 57 });
    expect(await calls(db)).toHaveLength(3);
    expect(await sync()).toMatchObject({ verdict: 'repaired', repair: { inserted: 57 } });
    expect(new Set(await calls(db)).size).toBe(60);
  });

  test('a stop settles named users as well: who was not called is unresolved', async () => {
    const ids = await crowd(db, 4);
    const gate = await makeGate(db);
    await repairFunction(db, `${AT_GATE} ${WRITE}`);
    const stop = new AbortController();
    const running = sync({ stop: stop.signal, flags: { user: ids } });
    await expect.poll(gate.waiting).toBe(1);
    stop.abort(new Interruption('SIGINT'));
    await gate.open();
    const report = await running;
    expect(report).toMatchObject({ verdict: 'interrupted', repair: { scanned: 4, inserted: 1, unresolved: 3 } });
    expect(report.users?.map(({ outcome }) => outcome)).toEqual(['inserted', 'unresolved', 'unresolved', 'unresolved']);
  });

  test('three at most, and all three where there is work for them', async () => {
    await crowd(db, 90);
    await db.queryAsPostgres('create table public.spans (begun timestamptz, ended timestamptz)');
    await repairFunction(
      db,
      `${WRITE} perform pg_sleep(0.01); insert into public.spans values (statement_timestamp(), clock_timestamp());`,
    );
    expect(await sync({ flags: { concurrency: 3 } })).toMatchObject({ verdict: 'repaired', batches: { count: 5 } });
    const [most] = await db.query<{ calls: number }>(`select max(calls)::int as calls from (
      select count(*) as calls from public.spans a join public.spans b on b.begun <= a.begun and a.begun < b.ended group by a.ctid) s`);
    expect(most?.calls).toBe(3);
  });

  test('slow calls are told of while they are made', async () => {
    await crowd(db, 20);
    await repairFunction(db, `perform pg_sleep(0.15); ${WRITE}`);
    const seen = new Set<number>();
    const report = await sync({ flags: { concurrency: 1 }, progress: ({ done }) => seen.add(done) });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 20 } });
    expect(seen.size).toBeGreaterThan(2);
  });
});

describe('the run lock', () => {
  test('is required: named users wait for it too', async () => {
    const [id = ''] = await crowd(db, 1);
    await repairFunction(db, WRITE);
    await withLease(async () => {
      expect(await sync({ flags: { user: [id] } })).toMatchObject({
        verdict: 'busy',
        exitCode: 3,
        repair: { scanned: 0 },
      });
      expect(await sync()).toMatchObject({ verdict: 'busy' });
      expect(await job('check')).toMatchObject({ verdict: 'drift' });
    });
    expect(await sync({ flags: { user: [id] } })).toMatchObject({ verdict: 'repaired' });
  });

  test('its loss ends the run: calls in flight settle and no other begins', async () => {
    await crowd(db, 30);
    const gate = await makeGate(db);
    await repairFunction(db, `${AT_GATE} ${WRITE}`);
    const running = sync({ flags: { concurrency: 2 } });
    await expect.poll(gate.waiting).toBe(2);
    await db.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and state = 'idle in transaction'`);
    await expect
      .poll(() =>
        db.query(`select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`),
      )
      .toEqual([]);
    await gate.open();
    const report = await running;
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'lock_lost' } });
    expect(report.repair).toMatchObject({ inserted: 2, unresolved: 28 });
    expect(await calls(db)).toHaveLength(2);
  });
});

test('on the command line nothing of a user is told, whatever the function says', async () => {
  await twelveKinds(db);
  await db.queryAsPostgres(`create function public.repair_user(user_id uuid) returns jsonb language plpgsql as $$
    declare mail text := coalesce((select email from auth.users where id = user_id), user_id::text);
    begin raise warning 'about %', mail; raise exception using message = mail, detail = mail, constraint = mail; end $$`);
  const { code, json } = await cli(['sync', '--json', '--log-level', 'debug'], { url: db.url, config: CONFIG });
  expect(code).toBe(2);
  expect(json().failuresTotal).toBe(9);
});

/** Runs `work` while another run holds the run lock. */
async function withLease(work: () => Promise<void>): Promise<void> {
  const port = await openPostgres(parseAddress(db.url, { rootCert: null }), {
    runId: 'OTHERRUN',
    concurrency: 1,
    signal: new AbortController().signal,
    onRetry: () => {},
  });
  const lease = await port.lease({ schema: 'public', name: 'users' }, { since: null, shard: null }, 0);
  try {
    await work();
  } finally {
    await lease?.release();
    await port.close('settle');
  }
}
