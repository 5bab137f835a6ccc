import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Port } from '../../src/port.ts';
import { idsIn, until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { AS_THEY_LIE, aged, BY_ID, backfill, EPOCH, expectEachOnce, PLACED, SAFE } from '../support/heap.ts';
import { beforeWrite, eachMissing } from '../support/on-tables.ts';
import { rewriting } from '../support/rewriting.ts';

/** More than one epoch of very many missing users, whom a run reads as they lie. */
const COUNT = 10_600;
const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };
const MEASURE = /^\s*with clock/;

let db: TestDatabase;
let users: string[];

beforeAll(async () => {
  db = await createDatabase();
  await crowd(db, COUNT);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('drop table if exists public.users cascade');
  await db.queryAsPostgres('create table public.users (id uuid primary key, email text)');
  await db.query(`delete from auth.users where created_at > now() - interval '1 hour';
    update auth.users set deleted_at = null, is_anonymous = false where deleted_at is not null or is_anonymous`);
  users = await idsIn(db, 'auth.users');
  await aged(db);
});

/** A `wrap` that does something right before the first batch is written. */
function beforeFirstWrite(act: (ids: readonly string[]) => Promise<unknown>): (port: Port) => Port {
  let begun = false;
  return beforeWrite(async (ids) => {
    if (begun) return;
    begun = true;
    await act(ids);
  });
}

const logIn = (ids: readonly (string | undefined)[]) =>
  db.query('update auth.users set last_sign_in_at = clock_timestamp() where id = any($1)', [ids]);

const everyNth = (n: number, from = 0) => users.filter((_, index) => index % n === from);

/** Those who lie at the end, which the second epoch reads. */
async function theLast(count: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>('select id from auth.users order by ctid desc limit $1', [count]);
  return rows.map(({ id }) => id);
}

/** The blocks of the heap in which these users lie, the first and the last. */
async function blocksOf(ids: readonly string[]): Promise<[number, number]> {
  const [row] = await db.query<{ first: number; last: number }>(
    `select min((ctid::text::point)[0])::int as first, max((ctid::text::point)[0])::int as last from auth.users where id = any($1)`,
    [ids],
  );
  return [row?.first ?? 0, row?.last ?? 0];
}

test('very many are read once, as they lie, and made safe once, between the last write and the closing measure', async () => {
  const seen = await backfill({ url: db.url, config: CONFIG });
  await expectEachOnce(db, seen, users);
  const { texts } = seen;
  expect(texts.filter((text) => BY_ID.test(text))).toEqual([]);
  expect(texts.filter((text) => SAFE.test(text))).toHaveLength(1);
  const safe = texts.findIndex((text) => SAFE.test(text));
  expect(safe).toBeGreaterThan(texts.findLastIndex((text) => PLACED.test(text)));
  expect(safe).toBeLessThan(texts.findLastIndex((text) => MEASURE.test(text)));
});

test('in transactions, as through a pooler, they are written all the same', async () => {
  const seen = await backfill({ url: `${db.url}&pgbouncer=true`, config: CONFIG });
  await expectEachOnce(db, seen, users);
  expect(seen.texts.filter((text) => PLACED.test(text))).toHaveLength(Math.ceil(users.length / 1000));
});

test('a role that sees the table through a policy only writes them all the same', async () => {
  const role = await db.createRole();
  await db.query(`alter table auth.users disable row level security;
    alter table public.users enable row level security; create policy "all" on public.users to ${role.name} using (true) with check (true);
    grant usage on schema auth, public to ${role.name}; grant select on auth.users to ${role.name};
    grant select, insert on public.users to ${role.name}`);
  const present = everyNth(50);
  await db.query('insert into public.users select unnest($1::uuid[])', [present]);
  const seen = await backfill({ url: role.url, config: CONFIG });
  await db.query('alter table auth.users enable row level security');
  const missing = users.filter((id) => !present.includes(id));
  await expectEachOnce(db, seen, missing);
  expect(seen.texts.filter((text) => PLACED.test(text))).toHaveLength(Math.ceil(missing.length / 1000));
});

test('a small run makes nothing safe', async () => {
  await db.query('insert into public.users select id from auth.users offset 100');
  const { report, texts } = await backfill({ url: db.url, config: CONFIG });
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 100 } });
  expect(texts.filter((text) => AS_THEY_LIE.test(text) || PLACED.test(text) || SAFE.test(text))).toEqual([]);
});

describe('users whose rows move meanwhile', () => {
  test('by logins before, in and behind what was read so far, are written once', async () => {
    // Holes, so that new rows land in what is read first as well as at the end.
    await logIn(everyNth(40));
    await db.query('vacuum (index_cleanup on) auth.users');
    await aged(db);
    const [, end] = await blocksOf(users);
    const moved = [1, 2, 3].map((from) => everyNth(40, from));
    const rounds = [...moved];
    const seen = await backfill(
      {
        url: db.url,
        config: CONFIG,
        wrap: beforeFirstWrite((batch) => logIn([...(rounds.shift() ?? []), ...batch.slice(0, 9)])),
      },
      (proxy) => proxy.fault({ on: EPOCH, at: 'request', nth: 2, times: 2, do: () => logIn(rounds.shift() ?? []) }),
    );
    await expectEachOnce(db, seen, users);
    const [first, last] = await blocksOf(moved.flat());
    expect(first).toBeLessThan(end / 10);
    expect(last).toBeGreaterThan(end);
    expect(seen.texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
  });

  test('by VACUUM FULL before the third batch is written, have a row at the end', async () => {
    await logIn(everyNth(2));
    await aged(db);
    let writes = 0;
    const packed = beforeWrite(async () => {
      writes += 1;
      if (writes === 3) await db.query('vacuum full auth.users');
    });
    await expectEachOnce(db, await backfill({ url: db.url, config: CONFIG, wrap: packed }), users);
  });

  test.each([
    // Half of the places are free, so that all move forward.
    ['vacuum full auth.users', () => logIn(everyNth(2))],
    // No place is free, so that as many are left out as come twice.
    ['cluster auth.users using users_pkey', () => db.query('vacuum full auth.users')],
  ])('by %s before the second epoch is read, are written once', async (command, prepare) => {
    await prepare();
    await aged(db);
    const seen = await backfill({ url: db.url, config: CONFIG }, (proxy) =>
      proxy.fault({ on: EPOCH, at: 'request', nth: 3, do: () => db.query(command) }),
    );
    await expectEachOnce(db, seen, users);
  });

  test('after the beginning of a transaction that is still open, are written once', async () => {
    const open = await db.admin.connect();
    await open.query('begin; select pg_current_xact_id()');
    await logIn(everyNth(3));
    const seen = await backfill({ url: db.url, config: CONFIG });
    await open.query('rollback');
    open.release();
    await expectEachOnce(db, seen, users);
    expect(seen.texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
  });

  test('and somebody who is expected since the run began hides nobody', async () => {
    const [guest, member] = users;
    await db.query('update auth.users set is_anonymous = true where id = $1', [guest]);
    await aged(db);
    const seen = await backfill({ url: db.url, config: CONFIG }, (proxy) => {
      const stays = () => db.query('update auth.users set is_anonymous = false where id = $1', [guest]);
      proxy.fault({ on: EPOCH, at: 'request', nth: 1, do: stays });
      proxy.fault({ on: EPOCH, at: 'request', nth: 2, do: () => logIn([member]) });
    });
    expect(seen.report).toMatchObject({ verdict: 'repaired', residual: { missing: 0 } });
    expect(new Set(seen.handedOut).size).toBe(seen.handedOut.length);
    expect(await idsIn(db)).toEqual(users);
  });
});

describe('what happened between the read and the write is named', () => {
  test('already present, vanished, excluded, and a mail that is taken', async () => {
    await db.query(`alter table public.users add unique (email);
      create table public.banned (id uuid); grant select on public.banned to postgres`);
    const batches: (readonly string[])[] = [];
    const { report, handedOut } = await backfill({
      url: db.url,
      config: { ...CONFIG, skip: { where: 'exists (select from public.banned b where b.id = u.id)' } },
      flags: { concurrency: 1 },
      wrap: beforeWrite(async (batch) => {
        batches.push(batch);
        if (batches.length === 2) await db.query('insert into public.banned values ($1)', [batch[0]]);
        if (batches.length > 1) return;
        const [present, vanished, deleted, taken, taker] = batch;
        await db.query(`insert into public.users values ($1, 'by the app')`, [present]);
        await db.query('delete from auth.users where id = $1', [vanished]);
        await db.query('update auth.users set deleted_at = now() where id = $1', [deleted]);
        await db.query('insert into public.users select $1, email from auth.users where id = $2', [taker, taken]);
      }),
    });
    const [[present, vanished, deleted, taken] = [], [banned] = []] = batches;
    expect(report).toMatchObject({ verdict: 'unrepaired', residual: { missing: 1 } });
    expect(report.repair).toMatchObject({ alreadyPresent: 2, vanished: 1, excluded: 2, failed: 1 });
    expect(report.repair).toMatchObject({ scanned: users.length, inserted: users.length - 6 });
    expect(report.failures).toMatchObject([{ id: taken, code: '23505', constraint: 'users_email_key' }]);
    expect(handedOut.toSorted()).toEqual(users);
    expect(await idsIn(db)).toEqual(users.filter((id) => ![vanished, deleted, taken, banned].includes(id)));
    expect(await db.query('select email from public.users where id = $1', [present])).toEqual([
      { email: 'by the app' },
    ]);
  });

  const UNSEEN = `select where not exists (
    select from pg_stat_activity where datname = current_database() and backend_xmin is not null and pid <> pg_backend_pid())`;

  test('a place that somebody else has now is not theirs', async () => {
    // No place is free but the one to come, and those behind the last row.
    await db.query('vacuum full auth.users');
    await aged(db);
    let gone = '';
    let heir = '';
    const { report } = await backfill({
      url: db.url,
      config: CONFIG,
      flags: { concurrency: 1 },
      wrap: beforeFirstWrite(async ([id = '']) => {
        gone = id;
        const placed = 'select id::text, ctid::text as place from auth.users where id = $1';
        const [old] = await db.query<{ place: string }>(placed, [gone]);
        await db.query('delete from auth.users where id = $1', [gone]);
        for (let tries = 0; tries < 100 && heir === ''; tries += 1) {
          // A row that somebody may still see keeps its place: the reader is in its second epoch.
          if (tries % 5 === 0) {
            await until(db, UNSEEN);
            await db.query('vacuum (index_cleanup on, truncate off) auth.users');
          }
          const [made] = await db.query<{ id: string; place: string }>(
            `insert into auth.users (id, email, created_at) values (gen_random_uuid(), 'new-' || gen_random_uuid(), now())
             returning id::text, ctid::text as place`,
          );
          if (made?.place === old?.place) heir = made?.id ?? '';
        }
      }),
    });
    expect(heir).not.toBe('');
    expect(report).toMatchObject({ verdict: 'repaired', repair: { vanished: 1, inserted: users.length - 1 } });
    expect(report.residual.arrived).toBeGreaterThan(0);
    expect(await idsIn(db)).toEqual(users.filter((id) => id !== gone));
  });
});

describe('rows that the table does not take', () => {
  test('fail once each, also where their users are read once more', async () => {
    const bad = everyNth(3000, 7);
    await db.query(`update auth.users set email = 'bad-' || id where id = any($1)`, [bad]);
    await db.query(`alter table public.users add constraint good check (email not like 'bad-%')`);
    await aged(db);
    const { report, texts } = await backfill({ url: db.url, config: CONFIG }, (proxy) => {
      proxy.fault({ on: EPOCH, at: 'request', nth: 3, do: async () => logIn(await theLast(300)) });
      proxy.fault({ on: SAFE, at: 'request', do: () => logIn(bad) });
    });
    expect(texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
    expect(report).toMatchObject({ verdict: 'unrepaired', failuresTotal: bad.length });
    expect(report.repair).toMatchObject({
      scanned: users.length,
      inserted: users.length - bad.length,
      failed: bad.length,
    });
    expect(report.failures.map(({ id }) => id).toSorted()).toEqual(bad);
    expect(report.residual.missing).toBe(bad.length);
  });

  test('a trigger that swallows some: they are suppressed, once each', async () => {
    const [first, second] = everyNth(9000);
    await db.query(`create or replace function public.swallow() returns trigger language plpgsql as $$
      begin if new.id in ('${first}', '${second}') then return null; end if; return new; end $$;
      create trigger swallow before insert on public.users for each row execute function public.swallow()`);
    const { report, handedOut, texts } = await backfill({ url: db.url, config: CONFIG }, (proxy) => {
      proxy.fault({ on: EPOCH, at: 'request', nth: 3, do: async () => logIn(await theLast(300)) });
      proxy.fault({ on: SAFE, at: 'request', do: () => logIn([first, second]) });
    });
    expect(texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
    expect(report).toMatchObject({ verdict: 'unrepaired', residual: { missing: 2 } });
    expect(report.repair).toMatchObject({ scanned: users.length, inserted: users.length - 2, suppressed: 2 });
    expect(handedOut.toSorted()).toEqual(users);
  });

  test('a trigger that makes up keys ends the run after the first batch', async () => {
    await db.query(`create or replace function public.made_up() returns trigger language plpgsql as $$
      begin new.id := gen_random_uuid(); return new; end $$;
      create trigger made_up before insert on public.users for each row execute function public.made_up()`);
    const { report, texts } = await backfill({ url: db.url, config: CONFIG, flags: { concurrency: 1 } });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'key_rewritten' } });
    expect(texts.filter((text) => PLACED.test(text))).toHaveLength(1);
    expect(await idsIn(db)).toHaveLength(1000);
  });
});

test('a text key, columns without their alias, and a filter that is asked about nobody who has a row', async () => {
  await db.query(`drop table public.users;
    create table public.users (id text primary key, mail text, copy text);
    create or replace function public.judge(who uuid) returns boolean language plpgsql cost 1 set enable_seqscan = off as $$ begin
      if exists (select from public.users where id = who::text) then raise 'asked about somebody who is there'; end if;
      return who = '${users[0]}'; end $$`);
  const present = everyNth(25, 1);
  await db.query('insert into public.users select unnest($1::text[])', [present]);
  const { report, handedOut, texts } = await backfill({
    url: db.url,
    config: {
      target: 'public.users',
      columns: { mail: 'email', copy: 'id::text' },
      skip: { where: 'public.judge(u.id)' },
    },
    flags: { batchSize: 999 },
  });
  const missing = users.filter((id, index) => index > 0 && !present.includes(id));
  // A question about somebody else would fail a whole batch.
  expect(report).toMatchObject({ verdict: 'repaired', residual: { missing: 0 }, batches: { split: 0 } });
  expect(report.excluded.filtered).toBe(1);
  expect(report.repair).toMatchObject({ scanned: missing.length, inserted: missing.length });
  expect(handedOut.toSorted()).toEqual(missing);
  expect(texts.filter((text) => BY_ID.test(text))).toEqual([]);
  expect(
    await db.query(`select count(*)::int as written from public.users p join auth.users u on p.id = u.id::text
      where p.mail = u.email and p.copy = p.id`),
  ).toEqual([{ written: missing.length }]);
});

describe('what keeps the reader or a writer from its work', () => {
  test('an epoch that takes too long: the rest is read by id', async () => {
    let epochs = 0;
    using slow = rewriting((text) => {
      if (EPOCH.test(text)) return text.replace(`statement_timeout = '15s'`, `statement_timeout = '200ms'`);
      if (!AS_THEY_LIE.test(text)) return text;
      epochs += 1;
      return epochs === 2 ? text.replace('u.ctid >', 'pg_sleep(1) is not null and u.ctid >') : text;
    });
    const seen = await backfill({ url: db.url, config: CONFIG });
    expect(slow.changed).toBeGreaterThan(epochs);
    await expectEachOnce(db, seen, users);
    expect(seen.texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
  });

  test.each(['request', 'reply'] as const)(
    'connections that are lost at a %s: nobody is lost or comes twice',
    async (at) => {
      const struck: { struck: number }[] = [];
      const seen = await backfill({ url: db.url, config: CONFIG }, (proxy) => {
        for (const [on, nth] of [
          [AS_THEY_LIE, 2],
          [PLACED, 3],
          [SAFE, 1],
        ] as const)
          struck.push(proxy.fault({ on, at, nth, do: 'cut' }));
      });
      expect(struck.map((strikes) => strikes.struck)).toEqual([1, 1, 1]);
      const { inserted, alreadyPresent } = seen.report.repair;
      // Of a write whose answer is lost the rows are found to be there.
      expect(alreadyPresent).toBe(at === 'reply' ? 1000 : 0);
      expect(inserted + alreadyPresent).toBe(users.length);
      expect(seen.report).toMatchObject({
        verdict: 'repaired',
        repair: { scanned: users.length },
        residual: { missing: 0 },
      });
      expect(seen.handedOut.toSorted()).toEqual(users);
      expect(await idsIn(db)).toEqual(users);
      expect(seen.report.batches).toMatchObject({ retried: 3, split: 0 });
    },
  );
});

/** A source of its own with these users, all of them or a part. */
const PEOPLE = 'id uuid primary key, email text, created_at timestamptz, deleted_at timestamptz, is_anonymous boolean';
const moveIn = (table: string, where = 'true') =>
  `insert into ${table} (id, email, created_at) select id, email, created_at from auth.users where ${where};`;

describe('where the place of a row says nothing, users are read by id', () => {
  test.each([
    ['a view', 'public.seen', 'create view public.seen as select * from auth.users'],
    [
      'a partitioned table',
      'public.parted',
      `create table public.parted (${PEOPLE}) partition by hash (id);
       create table public.parted_0 partition of public.parted for values with (modulus 2, remainder 0);
       create table public.parted_1 partition of public.parted for values with (modulus 2, remainder 1);
       ${moveIn('public.parted')}`,
    ],
    [
      'a table with a child',
      'public.parent',
      `create table public.parent (${PEOPLE}); create table public.child (primary key (id)) inherits (public.parent);
       ${moveIn('public.parent', `id < '80000000-0000-0000-0000-000000000000'`)}
       ${moveIn('public.child', `id >= '80000000-0000-0000-0000-000000000000'`)}`,
    ],
  ])('%s', async (_, source, ddl) => {
    await db.queryAsPostgres(ddl);
    await aged(db);
    const seen = await backfill({ url: db.url, config: { ...CONFIG, source }, flags: { batchSize: 5000 } });
    await expectEachOnce(db, seen, users);
    expect(seen.texts.filter((text) => AS_THEY_LIE.test(text))).toEqual([]);
  });

  test('a role that may read the columns, but not where the rows lie', async () => {
    const role = await db.createRole('bypassrls');
    await db.query(`grant usage on schema auth, public to ${role.name}; grant select, insert on public.users to ${role.name};
      grant select (id, email, created_at, deleted_at, is_anonymous, is_sso_user, raw_app_meta_data, raw_user_meta_data) on auth.users to ${role.name}`);
    const seen = await backfill({ url: role.url, config: CONFIG });
    await expectEachOnce(db, seen, users);
    expect(seen.texts.filter((text) => AS_THEY_LIE.test(text))).toEqual([]);
  });

  test.each([
    ['since a day', { since: '2020-01-01T00:00:00Z' }, {}],
    ['of a shard', { shard: { index: 1, count: 1 } }, {}],
    ['for whom a function is called', {}, { repair: { function: 'public.add_user' } }],
  ])('users %s', async (_, flags, config) => {
    await db.query(
      `create or replace function public.add_user(id uuid) returns void language sql as 'insert into public.users values (id)'`,
    );
    const nobody = eachMissing(() => []);
    const seen = await backfill({ url: db.url, config: { ...CONFIG, ...config }, flags, wrap: nobody });
    expect(seen.report).toMatchObject({ drift: { missing: users.length }, residual: { missing: users.length } });
    expect(seen.texts.filter((text) => BY_ID.test(text)).length).toBeGreaterThan(0);
    expect(seen.texts.filter((text) => AS_THEY_LIE.test(text) || SAFE.test(text))).toEqual([]);
  });
});
