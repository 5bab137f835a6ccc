import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report.ts';
import { callSql } from '../../src/sql/call.ts';
import type { Mapping } from '../../src/sql/mapping.ts';
import { literal } from '../../src/sql/name.ts';
import { idsIn } from '../support/app.ts';
import { type Cable, cableTo } from '../support/cable.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Asked, run } from '../support/job.ts';
import { expectNoCanary } from '../support/people.ts';
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
const cables: Cable[] = [];

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());
beforeEach(() => startOver(db));
afterEach(() => {
  for (const cable of cables.splice(0)) cable.close();
});

const sync = (asked: Partial<Asked> = {}): Promise<Report> => run('sync', { url: db.url, config: CONFIG, ...asked });

async function cabled(): Promise<Cable> {
  const cable = await cableTo(db.url);
  cables.push(cable);
  return cable;
}

describe('whatever a function returns, the row is what counts', () => {
  test.each([
    ['void', 'void', 'return;'],
    ['jsonb that speaks of success', 'jsonb', `return '{"success":true}';`],
    ['jsonb that speaks of failure', 'jsonb', `return '{"success":false}';`],
    ['NULL', 'jsonb', 'return null;'],
    ['a status', 'text', `return 'inserted';`],
    ['a row', 'public.users', 'return (select u from public.users u where id = user_id);'],
    ['a record', 'record', `return row(1, 'x');`],
    ['a set of rows', 'setof public.users', 'return query select * from public.users;'],
    ['a table of none', 'table (a int)', 'return;'],
  ])('%s', async (_, returns, last) => {
    const ids = await crowd(db, 3);
    await repairFunction(db, `${WRITE} ${last}`, returns);
    const report = await sync();
    expect(report).toMatchObject({ verdict: 'repaired', exitCode: 0, residual: { missing: 0 } });
    expect(report.repair).toMatchObject({ scanned: 3, inserted: 3, alreadyPresent: 0 });
    expect(await calls(db)).toEqual(ids);
  });

  test.each([
    ['jsonb', `return '{"success":true}';`],
    ['text', `return 'inserted';`],
    ['table (a int)', 'return;'],
  ])('a %s that lies about some', async (returns, last) => {
    const [liar] = await crowd(db, 4);
    await repairFunction(db, `if user_id <> '${liar}' then ${WRITE} end if; ${last}`, returns);
    const report = await sync();
    expect(report).toMatchObject({ verdict: 'unrepaired', exitCode: 2, residual: { missing: 1 } });
    expect(report.repair).toMatchObject({ scanned: 4, inserted: 3, suppressed: 1, failed: 0 });
  });

  test('what a function returns or notices stays in the database', async () => {
    await canaryCrowd(db, 3);
    await repairFunction(
      db,
      `${WRITE} raise notice 'repaired %', (select email from public.users where id = user_id);
       return (select to_jsonb(u) from auth.users u where id = user_id);`,
      'jsonb',
    );
    const cable = await cabled();
    expect(await sync({ url: cable.url })).toMatchObject({ verdict: 'repaired', repair: { inserted: 3 } });
    expect(cable.heard().length).toBeGreaterThan(1000);
    expectNoCanary(cable.heard());
  });
});

describe('an error inside the function is about its user', () => {
  test.each([
    ['P0001', null, null, `raise exception 'no';`],
    ['23505', 'taken', null, `insert into public.other values (1);`],
    ['23502', null, 'n', `insert into public.other values (null);`],
    ['22012', null, null, 'perform 1 / 0;'],
    ['42P01', null, null, 'insert into public.no_such_table values (1);'],
    ['42703', null, null, 'insert into public.users (no_such_column) values (1);'],
    ['42883', null, null, 'perform public.no_such_function();'],
    ['42501', null, null, 'perform pg_read_file(user_id::text);'],
    ['0A000', null, null, 'create table public.odd (a int, b int default a);'],
    ['3F000', null, null, 'create table no_such_schema.x ();'],
    ['55000', null, null, "perform currval('public.tries');"],
    ['2BP01', null, null, 'drop table public.users;'],
    ['53100', null, null, `raise exception 'full' using errcode = '53100';`],
    ['08006', null, null, `raise exception 'gone' using errcode = '08006';`],
  ])('%s', async (code, constraint, column, statement) => {
    const ids = await crowd(db, 5);
    const [, bad] = ids;
    await db.queryAsPostgres(`create table public.other (n int not null constraint taken unique); insert into public.other values (1);
      create view public.depends as select * from public.users`);
    await repairFunction(db, `${WRITE} if user_id = '${bad}' then ${statement} end if;`);
    const report = await sync();
    expect(report.failures).toEqual([{ id: bad, op: 'insert', code, constraint, column }]);
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      repair: { inserted: 4, failed: 1 },
      residual: { missing: 1 },
    });
    // All that the call did is undone with it.
    expect(await calls(db)).not.toContain(bad);
  });

  test('one that arises at the commit', async () => {
    const [bad] = await crowd(db, 3);
    await repairFunction(db, WRITE);
    await db.queryAsPostgres(`create function public.late() returns trigger language plpgsql as
      $$ begin if new.id = '${bad}' then raise exception 'late'; end if; return null; end $$;
      create constraint trigger late after insert on public.users deferrable initially deferred
        for each row execute function public.late()`);
    const report = await sync();
    expect(report).toMatchObject({ repair: { inserted: 2, failed: 1 }, failures: [{ id: bad, code: 'P0001' }] });
  });

  test('its text, and names that it makes up, are told to nobody', async () => {
    await canaryCrowd(db, 2);
    await db.queryAsPostgres(`create function public.repair_user(user_id uuid) returns void language plpgsql as $$
      declare mail text := (select email from auth.users where id = user_id);
      begin raise exception using message = 'no ' || mail, detail = mail, hint = mail, constraint = mail, column = mail; end $$`);
    const report = await sync();
    expect(report.failures).toMatchObject([
      { code: 'P0001', constraint: null, column: null },
      { code: 'P0001', constraint: null, column: null },
    ]);
  });

  test('a server that became read-only ends the run; what was called before it is settled', async () => {
    await crowd(db, 6);
    await repairFunction(
      db,
      `if nextval('public.tries') > 4 then perform set_config('transaction_read_only', 'on', true); end if; ${WRITE}`,
    );
    const report = await sync({ flags: { concurrency: 1 } });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'read_only' } });
    expect(report.repair).toMatchObject({ scanned: 6, inserted: 4, unresolved: 2 });
  });
});

describe('what may pass is tried again', () => {
  test.each(['40001', '40P01', '55P03'])('%s once, then success', async (code) => {
    await crowd(db, 2);
    await repairFunction(
      db,
      `if nextval('public.tries') = 1 then raise exception 'once' using errcode = '${code}'; end if; ${WRITE}`,
    );
    const report = await sync();
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 }, batches: { retried: 1 } });
  });

  test('and when it never passes for one user, that user has failed', async () => {
    const [bad] = await crowd(db, 4);
    await repairFunction(
      db,
      `if user_id = '${bad}' then raise exception 'ever' using errcode = '40001'; end if; ${WRITE}`,
    );
    const report = await sync();
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      repair: { inserted: 3, failed: 1 },
      batches: { retried: 5 },
    });
    expect(report.failures).toMatchObject([{ id: bad, code: '40001' }]);
  });

  test('a call that is cancelled is made three times', async () => {
    const [bad] = await crowd(db, 3);
    await repairFunction(
      db,
      `if user_id = '${bad}' then
         perform nextval('public.tries'); perform pg_cancel_backend(pg_backend_pid()); perform pg_sleep(5);
       end if; ${WRITE}`,
    );
    const report = await sync();
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      repair: { inserted: 2, failed: 1 },
      batches: { retried: 2 },
    });
    expect(report.failures).toMatchObject([{ id: bad, code: '57014' }]);
    expect(await db.query('select last_value from public.tries')).toEqual([{ last_value: '3' }]);
  });
});

describe('a call whose outcome is unknown', () => {
  test('has got through when its connection is cut: nobody is called twice', async () => {
    const ids = await crowd(db, 3);
    await db.queryAsPostgres('alter table public.users drop constraint users_pkey');
    await repairFunction(db, `perform nextval('public.tries'); perform pg_sleep(0.7); ${WRITE}`);
    const cable = await cabled();
    const running = sync({ url: cable.url, flags: { concurrency: 3, batchSize: 1 } });
    await expect.poll(() => db.query('select from public.tries where is_called and last_value = 3')).toHaveLength(1);
    expect(cable.cut('repair_user')).toBe(3);
    const report = await running;
    expect(report).toMatchObject({ verdict: 'repaired', repair: { scanned: 3, failed: 0, unresolved: 0 } });
    expect(report.batches.retried).toBeGreaterThan(0);
    expect(await calls(db)).toEqual(ids);
    expect(await idsIn(db)).toEqual(ids);
  });

  test('was rolled back when its backend was ended: it is made again', async () => {
    const ids = await crowd(db, 2);
    const gate = await makeGate(db);
    await repairFunction(db, `${WRITE} ${AT_GATE}`);
    const running = sync({ flags: { concurrency: 1 } });
    await expect.poll(gate.waiting).toBe(1);
    await db.query(`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and wait_event = 'PgSleep'`);
    await gate.open();
    expect(await running).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 }, batches: { retried: 1 } });
    expect(await calls(db)).toEqual(ids);
  });

  test('may belong to a run that is no more: the next run waits for it and finds the row', async () => {
    const ids = await crowd(db, 1);
    const gate = await makeGate(db);
    await repairFunction(db, `${AT_GATE} ${WRITE}`);
    const cable = await cabled();
    const stop = new AbortController();
    const killed = sync({ url: cable.url, stop: stop.signal });
    await expect.poll(gate.waiting).toBe(1);
    // As a kill -9 does it: all connections at once, the call still running on the server.
    stop.abort(new Error('killed'));
    cable.close();
    await killed;
    const next = sync({ flags: { wait: 10_000 } });
    await expect
      .poll(() =>
        db.query(`select from pg_stat_activity where datname = current_database() and wait_event = 'advisory'`),
      )
      .toHaveLength(1);
    await gate.open();
    expect(await next).toMatchObject({ verdict: 'repaired', repair: { scanned: 1, inserted: 0, alreadyPresent: 1 } });
    expect(await calls(db)).toEqual(ids);
  });
});

describe('the function runs as in the app', () => {
  const settings = ['search_path', 'row_security', 'lock_timeout', 'statement_timeout', 'transaction_isolation'];

  test.each(['', 'pgbouncer=true'])(
    'under the settings of its role, in a transaction of its own (%s)',
    async (mode) => {
      const url = mode === '' ? db.url : `${db.url}${db.url.includes('?') ? '&' : '?'}${mode}`;
      const [role] = await db.queryAsPostgres<{ search_path: string }>('show search_path');
      await crowd(db, 2);
      await db.queryAsPostgres('create table public.seen (name text, value text, tx xid8)');
      await repairFunction(
        db,
        `insert into public.seen select name, setting, pg_current_xact_id() from pg_settings where name in ('${settings.join("','")}'); ${WRITE}`,
      );
      expect(await sync({ url })).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 } });
      const seen = await db.query<{ name: string; value: string }>(
        'select distinct name, value from public.seen order by name',
      );
      expect(Object.fromEntries(seen.map(({ name, value }) => [name, value]))).toEqual({
        lock_timeout: '5000',
        row_security: 'on',
        search_path: role?.search_path,
        statement_timeout: '60000',
        transaction_isolation: 'read committed',
      });
      expect(await db.query('select count(distinct tx)::int from public.seen')).toEqual([{ count: 2 }]);
    },
  );

  test('hostile names of function, target and key', async () => {
    const ids = await crowd(db, 2);
    const evil = `"f'; drop table public.calls; --""$$"`;
    await db.queryAsPostgres(`create schema "we""ird"; create table "we""ird"."us'er\\s" ("k""ey" uuid);
      create function "we""ird".${evil}(uuid) returns void language sql as
        $f$ insert into "we""ird"."us'er\\s" values ($1) $f$`);
    const config = { target: `"we""ird"."us'er\\s"`, key: 'k"ey', repair: { function: `"we""ird".${evil}` } };
    expect(await sync({ config })).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 } });
    expect(await idsIn(db, `"we""ird"."us'er\\s"`, '"k""ey"')).toEqual(ids);
    expect(await calls(db)).toEqual([]);
    await db.query('drop schema "we""ird" cascade');
  });

  test('a source that shows a user twice has the function called once', async () => {
    const [id = ''] = await crowd(db, 1);
    await db.queryAsPostgres('create view public.sources as select u.* from auth.users u, generate_series(1, 2)');
    await repairFunction(db, RECORD);
    const skip = { deleted: true, anonymous: true, sso: false, where: null };
    const repair = { schema: 'public', name: 'repair_user' };
    const target = { schema: 'public', name: 'users' };
    const source = { schema: 'public', name: 'sources' };
    const mapping: Mapping = { source, target, key: 'id', keyType: 'uuid', columns: [], refresh: [], skip, repair };
    await db.query(callSql(mapping, repair, literal(id)));
    expect(await calls(db)).toEqual([id]);
  });
});
