import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

const CONFIG = {
  ...PLAIN_CONFIG,
  limits: { share: '100%' },
  columns: { ...PLAIN_CONFIG.columns, plan: `u.raw_user_meta_data->>'plan'` },
};
const COLUMNS = `${PLAIN_COLUMNS}, plan text`;

let db: TestDatabase;
let users: string[];
const cli = (...args: string[]) => run(['sync', '--json', ...args], { url: db.url, config: CONFIG });

beforeEach(async () => {
  db = await createDatabase();
});
afterEach(() => db.drop());

/** Makes these many of a thousand users bad, spread over all batches; the others are good. */
async function poison(count: number, of = 1000): Promise<string[]> {
  users = await canaryCrowd(db, of);
  const bad = users.filter((_, index) => index % Math.floor(of / count) === 0).slice(0, count);
  await db.query(
    `update auth.users set raw_user_meta_data = raw_user_meta_data || '{"plan": "poison"}' where id = any($1)`,
    [bad],
  );
  return bad.toSorted(byText);
}

const byText = (one: string, other: string) => (one < other ? -1 : 1);

/** All but the bad ones are there, the bad ones are named, and nothing else happened. */
async function expectRest(report: Report, bad: string[], fault: object): Promise<void> {
  expect(report).toMatchObject({
    verdict: 'unrepaired',
    exitCode: 2,
    drift: { missing: users.length },
    repair: { scanned: users.length, inserted: users.length - bad.length, failed: bad.length, unresolved: 0 },
    residual: { missing: bad.length },
    failuresTotal: bad.length,
  });
  expect(report.failures.map(({ id }) => id ?? '').toSorted(byText)).toEqual(bad);
  expect(report.failures).toEqual(bad.map(() => expect.objectContaining({ op: 'insert', ...fault })));
  const there = new Set(await idsIn(db));
  expect(users.filter((id) => !there.has(id)).toSorted(byText)).toEqual(bad);
}

describe('1, 5 and 100 bad rows among 1000 users', () => {
  // 2k·log2(n/k) trials at most, and never more than one for each user besides.
  test.each([
    [1, 20],
    [5, 90],
    [100, 500],
  ])('%i, with at most %i splits', async (count, splits) => {
    await createTable(db, `${COLUMNS}, constraint good_plan check (plan <> 'poison')`);
    const bad = await poison(count);
    const { json, code } = await cli();
    await expectRest(json(), bad, { code: '23514', constraint: 'good_plan', column: null });
    expect(json().batches).toMatchObject({ count: 1, retried: 0 });
    expect(json().batches.split).toBeLessThanOrEqual(splits);
    expect(code).toBe(2);
  });

  test('in many batches side by side', async () => {
    await createTable(db, `${COLUMNS}, constraint good_plan check (plan <> 'poison')`);
    const bad = await poison(20);
    const { json, code } = await cli('--batch-size', '50', '--concurrency', '4');
    await expectRest(json(), bad, { code: '23514', constraint: 'good_plan' });
    expect(json().batches.count).toBe(20);
    expect(code).toBe(2);
  });
});

const RAISE = `
  create function public.refuse() returns trigger language plpgsql as $$
  begin
    if new.plan = 'poison' then
      raise exception 'no room for %', new.email using
        errcode = 'P0001', detail = 'full name ' || new.full_name, hint = 'ask ' || new.email;
    end if;
    return new;
  end $$;
  create trigger refuse before insert on public.users for each row execute function public.refuse()`;

describe('every kind of bad row: the rest is inserted, and the bad one is named by code, constraint and column', () => {
  test.each([
    [
      'CHECK',
      `${COLUMNS}, constraint good_plan check (plan <> 'poison')`,
      '',
      { code: '23514', constraint: 'good_plan' },
    ],
    [
      'NOT NULL',
      `${PLAIN_COLUMNS}, plan text generated always as (email) stored`,
      `nullif(u.raw_user_meta_data->>'plan', 'poison')`,
      null,
    ],
    ['varchar length', `${PLAIN_COLUMNS}, plan varchar(5)`, '', { code: '22001', constraint: null }],
    ['enum', `${PLAIN_COLUMNS}, plan public.plan`, `(u.raw_user_meta_data->>'plan')::public.plan`, { code: '22P02' }],
    [
      'a trigger that raises, with the mail in message, detail and hint',
      COLUMNS,
      '',
      { code: 'P0001', constraint: null },
    ],
    ['a unique mail that another row has', `${COLUMNS}, constraint one_mail unique (plan)`, '', null],
  ])('%s', async (kind, columns, expression, fault) => {
    await db.queryAsPostgres(`create type public.plan as enum ('free', 'paid')`);
    if (kind === 'NOT NULL') return notNull();
    if (fault === null) return taken();
    await createTable(db, columns);
    if (kind.startsWith('a trigger')) await db.queryAsPostgres(RAISE);
    const bad = await poison(3, 60);
    const config = expression === '' ? CONFIG : { ...CONFIG, columns: { ...CONFIG.columns, plan: expression } };
    const { json, code } = await run(['sync', '--json', '--log-level', 'debug'], { url: db.url, config });
    await expectRest(json(), bad, fault);
    expect(code).toBe(2);
    const text = await run(['sync', '--report', 'report.json'], { url: db.url, config });
    expect(text.stdout).toMatch(/UNREPAIRED {2}3 users are still missing from public\.users/);
    expect(text.stdout).toContain(fault.code);
    expect(text.code).toBe(2);
  });
});

async function notNull(): Promise<void> {
  await createTable(db, `${PLAIN_COLUMNS}, plan text not null`);
  const bad = await poison(3, 60);
  const plan = `case when u.raw_user_meta_data->>'plan' = 'poison' then null else 'free' end`;
  const config = { ...CONFIG, columns: { ...CONFIG.columns, plan } };
  const { json, code } = await run(['sync', '--json'], { url: db.url, config });
  await expectRest(json(), bad, { code: '23502', column: 'plan' });
  expect(code).toBe(2);
}

/** The row of another person has this mail already; it must neither be changed nor handed over. */
async function taken(): Promise<void> {
  await createTable(db, `${COLUMNS.replace(/references.*cascade/, '')}, constraint one_mail unique (email)`);
  const bad = await poison(3, 60);
  await db.query(
    `insert into public.users (id, email, bio) select gen_random_uuid(), email, 'mine' from auth.users where id = any($1)`,
    [bad],
  );
  const { json, code } = await cli();
  expect(json()).toMatchObject({ verdict: 'unrepaired', repair: { inserted: 57, failed: 3 }, drift: { orphans: 3 } });
  expect(
    json()
      .failures.map(({ id }) => id ?? '')
      .toSorted(byText),
  ).toEqual(bad);
  expect(json().failures).toEqual(bad.map(() => expect.objectContaining({ code: '23505', constraint: 'one_mail' })));
  expect(code).toBe(2);
  expect(await db.query(`select from public.users where bio = 'mine'`)).toHaveLength(3);
}

test('--no-ids names no user who failed', async () => {
  await createTable(db, `${COLUMNS}, constraint good_plan check (plan <> 'poison')`);
  await poison(3, 60);
  for (const flags of [[], ['--json', '--report', 'r.json'], ['--quiet']]) {
    const options = { url: db.url, config: CONFIG };
    const { stdout, stderr, files, code } = await run(['sync', '--no-ids', '--log-level', 'debug', ...flags], options);
    const shown = [stdout, stderr, ...Object.values(files)].join('\n');
    expect(users.filter((id) => shown.includes(id))).toEqual([]);
    expect(code).toBe(2);
  }
});

describe('what is no bad row', () => {
  test('every row fails in the same way: stopped as systemic after about twenty, with nothing written', async () => {
    await createTable(db, `${COLUMNS}, constraint never check (plan is not null)`);
    users = await canaryCrowd(db, 1000);
    const { json, code } = await cli();
    expect(json()).toMatchObject({
      verdict: 'failed',
      reason: { code: 'systemic_failure', message: expect.stringContaining('23514 never') },
      repair: { inserted: 0 },
      residual: { missing: 1000 },
    });
    expect(json().repair.failed).toBeGreaterThanOrEqual(20);
    expect(json().repair.failed).toBeLessThanOrEqual(60);
    expect(code).toBe(1);
    expect(await idsIn(db)).toEqual([]);
  });

  test('limits.failures ends the run, and what is written stays', async () => {
    await createTable(db, `${COLUMNS}, constraint good_plan check (plan <> 'poison')`);
    await poison(20, 400);
    const config = { ...CONFIG, limits: { ...CONFIG.limits, failures: 5 } };
    const { json, code } = await run(['sync', '--json', '--batch-size', '100'], { url: db.url, config });
    expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'failures_limit' } });
    expect(json().repair.failed).toBeGreaterThanOrEqual(5);
    expect(json().repair.failed).toBeLessThan(20);
    expect(json().repair.inserted).toBeGreaterThan(0);
    expect(await idsIn(db)).toHaveLength(json().repair.inserted);
    expect(code).toBe(1);
  });

  test('rows that a trigger swallows are suppressed: still missing, and 2', async () => {
    await createTable(db, COLUMNS);
    await db.queryAsPostgres(`
      create function public.swallow() returns trigger language plpgsql as
        $$ begin return case when new.plan = 'poison' then null else new end; end $$;
      create trigger swallow before insert on public.users for each row execute function public.swallow()`);
    const bad = await poison(3, 60);
    const { json, code } = await cli();
    expect(json()).toMatchObject({
      verdict: 'unrepaired',
      repair: { scanned: 60, inserted: 57, suppressed: 3, failed: 0, unresolved: 0 },
      residual: { missing: 3 },
      failuresTotal: 0,
    });
    expect(json().warnings).toContainEqual(expect.objectContaining({ code: 'trigger' }));
    expect(code).toBe(2);
    expect(await idsIn(db)).toHaveLength(57);
    const [one = ''] = bad;
    const named = await cli('--user', one);
    expect(named.json().users).toEqual([expect.objectContaining({ id: one, outcome: 'suppressed' })]);
    expect(named.code).toBe(2);
  });

  test('a trigger that swallows every row ends the run as well', async () => {
    await createTable(db, COLUMNS);
    await db.queryAsPostgres(`
      create function public.swallow() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger swallow before insert on public.users for each row execute function public.swallow()`);
    users = await canaryCrowd(db, 100);
    const { json, code } = await cli();
    expect(json()).toMatchObject({ repair: { inserted: 0 }, residual: { missing: 100 } });
    expect([1, 2]).toContain(code);
    expect(json().failures).toEqual([]);
  });

  test('a right that a trigger lacks ends the run at once', async () => {
    await createTable(db, COLUMNS);
    await db.queryAsPostgres(`
      create function public.forbid() returns trigger language plpgsql as
        $$ begin insert into vault.forbidden values (new.email); return new; end $$;
      create trigger forbid before insert on public.users for each row execute function public.forbid()`);
    await db.query(
      'create schema vault; create table vault.forbidden (mail text); revoke all on schema vault from postgres',
    );
    users = await canaryCrowd(db, 50);
    const { json, code } = await cli('--batch-size', '10', '--log-level', 'debug');
    await db.query('drop schema vault cascade');
    expect(json()).toMatchObject({ reason: { code: 'not_permitted' }, repair: { inserted: 0, failed: 0 } });
    expect(code).toBe(1);
  });

  test('a function that a trigger misses is the fault of each row, and soon one of all', async () => {
    await createTable(db, COLUMNS);
    await db.queryAsPostgres(`
      create function public.forbid() returns trigger language plpgsql as
        $$ begin perform public.gone(new.email); return new; end $$;
      create trigger forbid before insert on public.users for each row execute function public.forbid()`);
    users = await canaryCrowd(db, 50);
    const { json, code } = await cli('--batch-size', '10', '--log-level', 'debug');
    expect(json()).toMatchObject({ reason: { code: 'systemic_failure' }, repair: { inserted: 0 } });
    expect(json().failures[0]).toMatchObject({ code: '42883' });
    expect(code).toBe(1);
  });

  test('a refresh that fails is told apart, and the user stays stale', async () => {
    await createTable(db, `${COLUMNS}, constraint good_plan check (plan <> 'poison')`);
    users = await canaryCrowd(db, 30);
    await cli();
    const bad = users.slice(0, 2);
    await db.query(
      `update auth.users set raw_user_meta_data = raw_user_meta_data || '{"plan": "poison"}' where id = any($1)`,
      [bad],
    );
    await db.query(
      `update auth.users set raw_user_meta_data = raw_user_meta_data || '{"plan": "paid"}' where not (id = any($1))`,
      [bad],
    );
    const config = { ...CONFIG, refresh: ['plan'] };
    const { json, code } = await run(['sync', '--json'], { url: db.url, config });
    expect(json()).toMatchObject({
      verdict: 'unrepaired',
      drift: { missing: 0, stale: 30 },
      repair: { scanned: 0, refreshed: 28, failed: 0 },
      residual: { missing: 0, stale: 2 },
      failuresTotal: 2,
    });
    expect(
      json()
        .failures.map(({ id }) => id ?? '')
        .toSorted(byText),
    ).toEqual(bad.toSorted(byText));
    expect(json().failures).toEqual(bad.map(() => expect.objectContaining({ op: 'refresh', code: '23514' })));
    expect(code).toBe(2);
  });
});
