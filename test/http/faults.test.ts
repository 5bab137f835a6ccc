import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseHttpAddress } from '../../src/http/address.ts';
import { openHttp } from '../../src/http/port.ts';
import type { Port } from '../../src/port.ts';
import { Interruption } from '../../src/reconcile/stop.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import { mappingHash } from '../../src/sql/mapping-hash.ts';
import { idsIn } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { type DataApi, type Disturbance, dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';
import { over, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
let api: DataApi;
const run = over('http');

beforeAll(async () => {
  db = await createDatabase();
  api = await dataApiOf(db.url);
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  api.calls.length = 0;
  api.timeoutMs = null;
  api.disturb = () => null;
});

const backfill = (flags: object = {}) => run('backfill', { url: db.url, flags });

/** A check with whatever functions there are. */
const checkAsItIs = () => {
  const never = new AbortController().signal;
  const open = () => openHttp(parseHttpAddress(api.url, api.secretKey), { signal: never, onRetry: () => {} });
  return run('check', { url: db.url, open });
};

/** Disturbs the first `times` calls of one function. */
function first(times: number, name: string, disturbance: Disturbance): void {
  api.disturb = ({ function: called, earlier }) => (called === name && earlier < times ? disturbance : null);
}

const answer = (status: number, headers: Record<string, string> = {}, body = '{}'): Disturbance => ({
  answer: { status, headers, body },
});

describe('what may pass', () => {
  test.each<[string, Disturbance]>([
    ['a lost request', 'request lost'],
    ['a lost reply', 'reply lost'],
    ['too many requests', answer(429, { 'retry-after': '0' })],
    ['a gateway without an upstream', answer(502, { 'content-type': 'text/html' }, '<html>bad gateway</html>')],
    ['an error of the server without a code', answer(500, {}, '{"message":"unexpected"}')],
    ['no free connection', answer(504, {}, '{"code":"PGRST003"}')],
    ['a deadlock', answer(500, {}, '{"code":"40P01"}')],
  ])('%s in front of an insert is tried again, and each user counts once', async (_, disturbance) => {
    const ids = await crowd(db, 30);
    first(2, 'sync_users_from_auth', disturbance);
    const report = await backfill({ batchSize: 30 });
    expect(report).toMatchObject({
      verdict: 'repaired',
      repair: { scanned: 30, unresolved: 0 },
      batches: { count: 1, retried: 2 },
    });
    // Whose reply was lost had been written: now they are there already.
    const written = disturbance === 'reply lost' ? { alreadyPresent: 30, inserted: 0 } : { inserted: 30 };
    expect(report.repair).toMatchObject(written);
    expect(await idsIn(db)).toEqual(ids);
  });

  test.each(['userdrift_measure', 'userdrift_missing'])('a lost reply of %s changes nothing', async (name) => {
    const ids = await crowd(db, 5);
    api.disturb = ({ function: called, earlier }) =>
      called === name && earlier === (name === 'userdrift_measure' ? 1 : 0) ? 'reply lost' : null;
    expect(await backfill()).toMatchObject({ verdict: 'repaired', repair: { inserted: 5 }, batches: { retried: 1 } });
    expect(await idsIn(db)).toEqual(ids);
  });

  test('a pause that is asked for is kept', async () => {
    await insertUser(db);
    first(1, 'sync_users_from_auth', answer(429, { 'retry-after': '1' }));
    const started = performance.now();
    expect(await backfill()).toMatchObject({ verdict: 'repaired' });
    expect(performance.now() - started).toBeGreaterThan(1000);
  });

  test('a pause that the very first answer asks for is kept as well, however long', async () => {
    await db.queryAsPostgres(functionsSql(TEXTBOOK_MAPPING));
    first(1, 'userdrift_measure', answer(503, { 'retry-after': '6' }, '{"code":"PGRST002"}'));
    const started = performance.now();
    expect(await checkAsItIs()).toMatchObject({ verdict: 'in_sync', batches: { retried: 1 } });
    expect(performance.now() - started).toBeGreaterThan(6000);
  });
});

describe('what takes too long', () => {
  const LATE = answer(500, {}, '{"code":"57014","message":"canceling statement due to statement timeout"}');

  test('is measured in halves, which add up', async () => {
    const ids = await crowd(db, 40);
    const narrow = (scope: unknown) =>
      typeof scope === 'object' && scope !== null && Reflect.get(scope, 'from') !== Reflect.get(scope, 'to');
    api.disturb = ({ function: called, args }) =>
      called === 'userdrift_measure' && !JSON.stringify(args).includes('facts') && !narrow(args.scope) ? LATE : null;
    const report = await run('check', { url: db.url });
    expect(report).toMatchObject({
      verdict: 'drift',
      drift: { missing: 40 },
      source: { total: 40 },
      sample: ids.slice(0, 20),
    });
    expect(report.drift.missingByProvider).toEqual([{ provider: 'unknown', missing: 40 }]);
    expect(api.calls.filter(({ function: called }) => called === 'userdrift_measure')).toHaveLength(4);
  });

  test('is written in smaller batches, and no size that was too slow is tried again', async () => {
    const ids = await crowd(db, 64);
    api.disturb = ({ function: called, args }) =>
      called === 'sync_users_from_auth' && (args.user_ids as string[]).length > 16 ? LATE : null;
    const report = await backfill({ concurrency: 1 });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 64 }, batches: { count: 1, split: 2 } });
    expect(await idsIn(db)).toEqual(ids);
    const sizes = api.calls.flatMap(({ function: called, args }) =>
      called === 'sync_users_from_auth' ? [(args.user_ids as string[]).length] : [],
    );
    expect(sizes).toEqual([64, 32, 16, 16, 16, 16]);
  });

  test('is streamed in smaller windows', async () => {
    const ids = await crowd(db, 20);
    api.disturb = ({ function: called, args }) => {
      const { window } = (args.scope ?? {}) as { window?: number };
      return called === 'userdrift_missing' && (window ?? 0) > 50_000 ? LATE : null;
    };
    expect(await backfill()).toMatchObject({ verdict: 'repaired', repair: { inserted: 20 } });
    expect(await idsIn(db)).toEqual(ids);
  });

  test('for a single user is a failure of that user after three tries', async () => {
    const [slow, ...others] = await crowd(db, 4);
    api.disturb = ({ function: called, args }) =>
      called === 'sync_users_from_auth' && (args.user_ids as string[]).includes(slow ?? '') ? LATE : null;
    const report = await backfill();
    expect(report).toMatchObject({ verdict: 'unrepaired', exitCode: 2, repair: { inserted: 3, failed: 1 } });
    expect(report.failures).toEqual([{ id: slow, op: 'insert', code: '57014', constraint: null, column: null }]);
    expect(await idsIn(db)).toEqual(others);
  });

  test('by the clock of the server, too', async () => {
    await crowd(db, 6);
    await db.queryAsPostgres(`create function public.slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return new; end $$;
      create trigger slow before insert on public.users for each row execute function public.slow()`);
    api.timeoutMs = 400;
    expect(await backfill()).toMatchObject({ verdict: 'repaired', repair: { inserted: 6 }, batches: { split: 1 } });
  });

  test('always ends as failed', async () => {
    await insertUser(db);
    api.disturb = ({ args }) => (JSON.stringify(args).includes('facts') ? null : LATE);
    expect(await run('check', { url: db.url })).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
      reason: { code: 'timeout' },
    });
  });
});

describe('what does not pass', () => {
  test.each<[string, Disturbance, string, string]>([
    ['a key that is not accepted', answer(401, {}, '{"message":"Invalid API key"}'), 'failed', 'wrong_key'],
    ['functions that are not there', answer(404, {}, '{"code":"PGRST202"}'), 'failed', 'functions_missing'],
    [
      'functions that this key may not execute',
      answer(403, {}, '{"code":"42501","message":"permission denied for function userdrift_measure"}'),
      'inconclusive',
      'not_permitted',
    ],
    [
      'tables that are not seen',
      answer(403, {}, '{"code":"42501","message":"query would be affected by row-level security"}'),
      'inconclusive',
      'sight_lost',
    ],
    [
      'a table that is gone',
      answer(404, {}, '{"code":"42P01","message":"relation does not exist"}'),
      'failed',
      'functions_outdated',
    ],
    ['a schema that is not exposed', answer(406, {}, '{"code":"PGRST106"}'), 'failed', 'schema_not_exposed'],
    ['a paused project', answer(540, { 'content-type': 'text/html' }, '<html>'), 'failed', 'project_paused'],
    [
      'a page where an answer should be',
      answer(200, { 'content-type': 'text/html' }, '<html>log in</html>'),
      'failed',
      'not_a_data_api',
    ],
    ['half an answer', answer(200, {}, '{"mapping":'), 'failed', 'not_a_data_api'],
    ['a page that says 404', answer(404, { 'content-type': 'text/html' }, '<html>'), 'failed', 'not_a_data_api'],
    [
      'a redirect',
      answer(302, { location: 'https://example.com', 'content-type': 'text/html' }),
      'failed',
      'not_a_data_api',
    ],
    ['an answer of somebody else', answer(200, {}, '{"hello":"world"}'), 'failed', 'functions_foreign'],
    ['a full disk', answer(503, {}, '{"code":"53100"}'), 'failed', 'disk_full'],
    ['a read-only database', answer(405, {}, '{"code":"25006"}'), 'failed', 'read_only'],
    ['a bad request', answer(400, {}, '{"code":"PGRST102"}'), 'failed', 'database_error'],
  ])('%s is told in one line, with what to do', async (_, disturbance, verdict, code) => {
    await insertUser(db);
    api.disturb = () => disturbance;
    const report = await checkAsItIs();
    expect(report).toMatchObject({ verdict, exitCode: 1, reason: { code } });
    expect(report.reason?.message).not.toMatch(/[\n<{]/);
    expect(report.reason?.fix).toMatch(/\w/);
    expect(JSON.stringify(report)).not.toContain(api.secretKey);
    expect(api.calls).toHaveLength(1);
  });

  test.each([
    'alter table public.users alter full_name type int using null',
    'alter table public.users rename full_name to name',
  ])('a table that changed since the functions were made is nobody’s fault: %s', async (change) => {
    await crowd(db, 3);
    const report = await run('sync', { url: db.url, wrap: changedBeforeWrites(change) });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'functions_outdated' } });
    expect(report).toMatchObject({ failuresTotal: 0, repair: { inserted: 0, failed: 0, unresolved: 3 } });
  });

  test('a right that is lost in the middle stops the run; what is done stays done', async () => {
    await crowd(db, 60);
    api.disturb = ({ function: called, earlier }) =>
      called === 'sync_users_from_auth' && earlier >= 2 ? answer(401, {}, '{}') : null;
    const report = await backfill({ batchSize: 10, concurrency: 1 });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'wrong_key' } });
    expect(report.repair).toMatchObject({ inserted: 20, scanned: 30, unresolved: 10 });
  });

  test('functions of another mapping are refused, whichever part of it differs', async () => {
    const others = [
      { ...TEXTBOOK, columns: { ...TEXTBOOK.columns, email: 'lower(u.email)' } },
      { ...TEXTBOOK, skip: { sso: true } },
      { ...TEXTBOOK, target: 'public.people' },
    ];
    for (const config of others) {
      const report = await openedWith(config);
      expect(report).toMatchObject({
        verdict: 'failed',
        exitCode: 1,
        reason: { code: 'functions_of_another_mapping' },
      });
      expect(report.reason?.fix).toContain('userdrift sql functions');
    }
  });

  test('functions that are replaced in the middle of a run end it', async () => {
    await crowd(db, 60);
    const other = functionsSql({ ...TEXTBOOK_MAPPING, columns: [] });
    const report = await run('backfill', { url: db.url, wrap: changedBeforeWrites(other) });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'functions_of_another_mapping' } });
  });

  test('a replica is no witness', async () => {
    const replica = answer(200, {}, JSON.stringify({ mapping: mappingHash(TEXTBOOK_MAPPING), replica: true }));
    api.disturb = ({ args }) => (JSON.stringify(args).includes('facts') ? null : replica);
    expect(await run('check', { url: db.url })).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 1,
      reason: { code: 'sight_lost' },
    });
  });
});

/** Runs `sql` once, as late as possible before the first write. */
function changedBeforeWrites(sql: string): (port: Port) => Port {
  let changed: Promise<unknown> | null = null;
  return (port) => {
    const bind = port.bind.bind(port);
    port.bind = (...args) => {
      const tables = bind(...args);
      const write = tables.write.bind(tables);
      tables.write = async function* (ids, stop) {
        changed ??= db.queryAsPostgres(sql);
        await changed;
        yield* write(ids, stop);
      };
      return tables;
    };
    return port;
  };
}

/** A check with the functions of the textbook, whatever the configuration says. */
async function openedWith(config: object) {
  await db.queryAsPostgres(functionsSql(TEXTBOOK_MAPPING));
  await db.queryAsPostgres(
    'create table if not exists public.people (id uuid primary key, email text, full_name text, created_at timestamptz)',
  );
  const at = parseHttpAddress(api.url, api.secretKey);
  const never = new AbortController().signal;
  return run('check', { url: db.url, config, open: () => openHttp(at, { signal: never, onRetry: () => {} }) });
}

describe('the way there', () => {
  test.each([
    ['https://userdrift.invalid', 'host_not_found'],
    ['http://127.0.0.1:1', 'connection_closed'],
    ['http://127.0.0.1:59999', 'connection_refused'],
  ])('%s: %s, at once', async (url, code) => {
    const at = parseHttpAddress(url, api.secretKey);
    const never = new AbortController().signal;
    const report = await run('check', { url: db.url, open: () => openHttp(at, { signal: never, onRetry: () => {} }) });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code } });
    expect(report.durationMs).toBeLessThan(5000);
  });

  test('a connection that breaks off at the very first call is opened again', async () => {
    await db.queryAsPostgres(functionsSql(TEXTBOOK_MAPPING));
    first(1, 'userdrift_measure', 'request lost');
    expect(await checkAsItIs()).toMatchObject({ verdict: 'in_sync', batches: { retried: 1 } });
  });

  test('a server that never answers is given up', async () => {
    api.disturb = () => 'silence';
    const at = parseHttpAddress(api.url, api.secretKey);
    const never = new AbortController().signal;
    const report = await run('check', {
      url: db.url,
      open: () => openHttp(at, { signal: never, onRetry: () => {}, limitMs: 100 }),
    });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'connection_timeout' } });
  });

  test('a stop ends a call that reads and lets one that writes settle; a hurry abandons that, too', async () => {
    await crowd(db, 20);
    for (const [hurried, unresolved] of [
      [false, 0],
      [true, 20],
    ] as const) {
      const stop = new AbortController();
      const hurry = new AbortController();
      api.disturb = ({ function: called }) => {
        if (called !== 'sync_users_from_auth') return null;
        stop.abort(new Interruption('SIGINT'));
        if (hurried) setTimeout(() => hurry.abort(), 50);
        return hurried ? 'silence' : null;
      };
      await db.query('delete from public.users');
      const report = await run('backfill', { url: db.url, stop: stop.signal, hurry: hurry.signal });
      expect(report).toMatchObject({ verdict: 'interrupted', exitCode: 130, repair: { scanned: 20, unresolved } });
    }
  });
});

test('the report of a run that writes says that nothing keeps a second one away; a check needs no lock', async () => {
  await insertUser(db);
  const check = await run('check', { url: db.url });
  expect(check.warnings).toEqual([]);
  expect(check.database).toMatchObject({ user: 'service_role', name: db.name, serverVersion: expect.any(String) });
  expect((await backfill()).warnings).toMatchObject([{ code: 'no_run_lock' }]);
});

test('a trigger that looks its tables up by path is named, with what makes it work; then it works', async () => {
  await db.queryAsPostgres(`create table public.log (id uuid);
    create function public.keep() returns trigger language plpgsql as $$ begin insert into log values (new.id); return new; end $$;
    create trigger keep after insert on public.users for each row execute function public.keep()`);
  const { id } = await insertUser(db);
  const report = await backfill();
  expect(report).toMatchObject({ verdict: 'unrepaired', failures: [{ id, code: '42P01' }] });
  const warning = report.warnings.find(({ code }) => code === 'trigger');
  expect(warning?.message).toContain('sets no search_path');
  await db.queryAsPostgres(warning?.fix ?? '');
  expect(await backfill()).toMatchObject({ verdict: 'repaired' });
  expect(await idsIn(db, 'public.log')).toEqual([id]);
  await db.query('drop table public.log');
});
