import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/report.ts';
import { run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';

const ROUNDS = 3;
const USERS = 1500;
const CLIENTS = 4;
const CONFIG = { target: 'public.users', columns: { email: 'u.email' }, grace: '0', limits: { share: '100%' } };
const ARGS = ['--json', '--batch-size', '20', '--concurrency', '3'];

/**
 * Who did what, told by triggers: `public.audit` every change of the app's table, with the session that made it, and
 * `auth.mails` every mail that a user ever had. The clients tell nothing, so they need not be believed.
 */
const RECORDS = `
create table public.audit (
  n bigint generated always as identity, who text, op text, id uuid, before jsonb, after jsonb);
create function public.audit() returns trigger language plpgsql security definer set search_path = '' as $$ begin
  insert into public.audit (who, op, id, before, after) values (session_user, tg_op, coalesce(new.id, old.id), to_jsonb(old), to_jsonb(new));
  return null;
end $$;
create trigger audit after insert or update or delete on public.users for each row execute function public.audit();
create table auth.mails (id uuid, mail text);
create function auth.note_mail() returns trigger language plpgsql as $$ begin
  insert into auth.mails values (new.id, new.email); return null;
end $$;
create trigger note_mail after insert or update of email on auth.users for each row execute function auth.note_mail();
create function public.slow() returns trigger language plpgsql as $$ begin perform pg_catalog.pg_sleep(0.003); return new; end $$;
create trigger slow before insert on public.users for each row when (session_user = 'JOB') execute function public.slow();`;

let db: TestDatabase;
let job: { name: string; url: string };
/** What became of the users of each round. */
const met: Report['repair'][] = [];

beforeAll(async () => {
  db = await createDatabase();
  job = await db.createRole('bypassrls');
  await db.queryAsPostgres(`create table public.users (
    id uuid primary key references auth.users (id) on delete cascade, email text unique, bio text)`);
  await db.query(RECORDS.replace('JOB', job.name));
  await db.query(`grant usage on schema auth, public to ${job.name};
    grant select on auth.users to ${job.name}; grant select, insert on public.users to ${job.name}`);
});
afterAll(() => db.drop());

/** One change, as the auth server or the app makes it. `$1` is a random number from 0 to 1. */
const SOMEBODY = 'select id from auth.users where id >= gen_random_uuid() order by id limit 1';
const SOMEBODY_MISSING = `select id from auth.users u where u.id >= gen_random_uuid()
  and not exists (select from public.users p where p.id = u.id) order by id limit 1`;
const SOME_ROW = 'select id from public.users where id >= gen_random_uuid() order by id limit 1';
const CHANGES: Record<string, string> = {
  'sign up': `insert into auth.users (id, email, created_at) values (gen_random_uuid(), gen_random_uuid() || '@example.org', clock_timestamp())`,
  'sign up anonymously': `insert into auth.users (id, is_anonymous, created_at) values (gen_random_uuid(), true, now() - interval '1 hour')`,
  'become permanent': `update auth.users set is_anonymous = false, email = gen_random_uuid() || '@example.org'
    where id = (select id from auth.users where is_anonymous limit 1)`,
  'be deleted': `delete from auth.users where id in (${SOMEBODY})`,
  'be deleted on the way': `delete from auth.users where id in (${SOMEBODY_MISSING})`,
  'be deleted softly on the way': `update auth.users set deleted_at = now(), email = md5(id::text) where id in (${SOMEBODY_MISSING})`,
  'change the mail': `update auth.users set email = gen_random_uuid() || '@example.org' where not is_anonymous and deleted_at is null and id in (${SOMEBODY})`,
  'swap mails': `with pair as (
      select a.id as one, a.email as mail, b.id as other, b.email as others
      from (select id, email from auth.users where id in (${SOMEBODY}) and email is not null and deleted_at is null) a,
        (select id, email from auth.users where id in (${SOMEBODY_MISSING}) and email is not null and deleted_at is null) b
      where a.id <> b.id)
    select one, mail, other, others from pair`,
  'the app inserts a row': `insert into public.users select id, 'app-' || id, 'mine' from auth.users where id in (${SOMEBODY_MISSING}) on conflict do nothing`,
  'the app takes a mail': `insert into public.users select s.id, (select email from auth.users where id in (${SOMEBODY_MISSING})), 'taken'
    from (${SOMEBODY_MISSING}) s on conflict do nothing`,
  'the app edits a row': `update public.users set bio = 'edited ' || random() where id in (${SOME_ROW})`,
  'the app edits a mail': `update public.users set email = 'own-' || gen_random_uuid() where id in (${SOME_ROW})`,
  'the app deletes a row': `delete from public.users where id in (${SOME_ROW})`,
};

/** Clients that change things until they are told to stop; how often each change went through. */
function traffic() {
  const done = new AbortController();
  const counts: Record<string, number> = {};
  const working = Promise.all(Array.from({ length: CLIENTS }, () => client(done.signal, counts)));
  working.catch(() => {});
  return {
    counts,
    async stop() {
      done.abort();
      await working;
    },
  };
}

async function client(done: AbortSignal, counts: Record<string, number>): Promise<void> {
  const names = Object.keys(CHANGES);
  const connection = new pg.Client({ connectionString: db.superuserUrl });
  await connection.connect();
  try {
    while (!done.aborted) {
      const name = names[Math.floor(Math.random() * names.length)] ?? '';
      const changed = await change(connection, name);
      counts[name] = (counts[name] ?? 0) + changed;
      await sleep(Math.random() * 4);
    }
  } finally {
    await connection.end();
  }
}

/** Two clients may want the same mail or user, or wait for each other: the one that is refused does something else. */
async function change(connection: pg.Client, name: string): Promise<number> {
  try {
    const { rowCount, rows } = await connection.query(CHANGES[name] ?? '');
    if (name !== 'swap mails') return rowCount ?? 0;
    if (!rows[0]) return 0;
    await connection.query('begin');
    await connection.query('update auth.users set email = null where id = $1', [rows[0].one]);
    await connection.query('update auth.users set email = $2 where id = $1', [rows[0].other, rows[0].mail]);
    await connection.query('update auth.users set email = $2 where id = $1', [rows[0].one, rows[0].others]);
    await connection.query('commit');
    return 1;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !['23503', '23505', '40P01'].includes(error.code ?? '')) throw error;
    await connection.query('rollback');
    return 0;
  }
}

const MISSING = `from auth.users u where u.deleted_at is null and not u.is_anonymous
  and not exists (select from public.users p where p.id = u.id)`;

/** Who is expected and has no row. */
async function missing(where = 'true', values: unknown[] = []): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`select u.id ${MISSING} and ${where} order by u.id`, values);
  return rows.map(({ id }) => id);
}

const MEASURE = /^\s*with clock as materialized/;

async function now(): Promise<string> {
  const [row] = await db.query<{ now: string }>('select clock_timestamp()::text as now');
  return row?.now ?? '';
}

/** Who cannot be inserted: the oracle tries, one by one, and takes everything back. */
async function refused(): Promise<string[]> {
  const found: string[] = [];
  const connection = await db.admin.connect();
  try {
    await connection.query('begin');
    for (const id of await missing()) {
      await connection.query('savepoint one');
      await connection
        .query('insert into public.users (id, email) select id, email from auth.users where id = $1', [id])
        .catch(async (error: unknown) => {
          expect(error).toMatchObject({ code: '23505' });
          found.push(id);
          await connection.query('rollback to savepoint one');
        });
    }
  } finally {
    await connection.query('rollback');
    connection.release();
  }
  return found;
}

/** The job inserted and did nothing else; every row is as its last change left it; no row holds a mail of somebody else. */
async function expectNothingTouched(): Promise<void> {
  expect(await db.query('select op, id from public.audit where who = $1 and op <> $2', [job.name, 'INSERT'])).toEqual(
    [],
  );
  expect(
    await db.query(`with last as (select distinct on (id) id, after from public.audit order by id, n desc)
      select id from last full join (select id, to_jsonb(p) as row from public.users p) p using (id)
      where last.after is distinct from p.row`),
  ).toEqual([]);
  expect(
    await db.query(
      `select id from public.audit a where who = $1 and op = 'INSERT' and (after->>'bio' is not null
         or not exists (select from auth.mails m where m.id = a.id and m.mail is not distinct from a.after->>'email'))`,
      [job.name],
    ),
  ).toEqual([]);
}

/** Nobody has a row; one user in fifteen is anonymous. */
async function startOver(): Promise<void> {
  await db.query('delete from auth.users; truncate public.users, public.audit, auth.mails');
  await db.query(
    `insert into auth.users (id, email, is_anonymous, created_at)
     select gen_random_uuid(), case when n % 15 > 0 then 'user-' || n || '@example.org' end, n % 15 = 0, now() - interval '1 day'
     from generate_series(1, $1::int) n`,
    [USERS],
  );
}

test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
  'everything changes while it runs, round %i',
  async () => {
    await startOver();
    await using proxy = await startFaultProxy(job.url);
    const changes = traffic();
    let left: string[] = [];
    let measured = '';
    proxy.fault({
      on: MEASURE,
      at: 'reply',
      do: async () => {
        measured = await now();
      },
    });
    // At the closing measure the world stands still, so that what it says can be checked to the last user.
    const closing = proxy.fault({
      on: MEASURE,
      at: 'request',
      nth: 2,
      do: async () => {
        await changes.stop();
        left = await missing();
      },
    });
    const running = await start(['sync', ...ARGS], { url: proxy.via(job.url), config: CONFIG, timeout: 100_000 });
    const { json, code } = await running.done.finally(changes.stop);
    const report = json();
    expect(closing.struck).toBe(1);
    met.push(report.repair);

    // Who is missing at the end either arrived during the run or not: each is in one of both numbers.
    expect((report.residual.missing ?? 0) + (report.residual.arrived ?? 0)).toBe(left.length);
    const since = (time: string) => missing('u.created_at > $1::timestamptz', [time]);
    expect(report.residual.arrived).toBeLessThanOrEqual((await since(report.startedAt)).length);
    expect(report.residual.arrived).toBeGreaterThanOrEqual((await since(measured)).length);
    expect(report.residual.arrived).toBeGreaterThan(0);
    expect(['repaired', 'unrepaired']).toContain(report.verdict);
    expect(code).toBe(report.residual.missing === 0 ? 0 : 2);
    // Only a mail that somebody else has is a failure; whoever vanished or was deleted is none.
    expect(new Set(report.failures.map((failure) => [failure.code, failure.constraint].join(' ')))).toEqual(
      new Set(report.repair.failed > 0 ? ['23505 users_email_key'] : []),
    );
    expect(report.repair).toMatchObject({ suppressed: 0, unresolved: 0 });
    const [written] = await db.query<{ n: string }>(
      `select count(*) as n from public.audit where who = $1 and op = 'INSERT'`,
      [job.name],
    );
    expect(report.repair.inserted).toBe(Number(written?.n));
    await expectNothingTouched();
    for (const name of Object.keys(CHANGES)) expect(changes.counts[name], name).toBeGreaterThan(0);

    // At rest one more run leaves those whose mail is taken, and nobody else.
    const conflicts = await refused();
    const last = await run(['sync', ...ARGS], { url: job.url, config: CONFIG });
    expect(last.json()).toMatchObject({
      exitCode: conflicts.length > 0 ? 2 : 0,
      repair: { failed: conflicts.length, vanished: 0, excluded: 0, alreadyPresent: 0 },
      residual: { missing: conflicts.length, arrived: 0 },
    });
    expect(
      last
        .json()
        .failures.map(({ id }) => id ?? '')
        .toSorted((a, b) => (a < b ? -1 : 1)),
    ).toEqual(conflicts.slice(0, 100));
    expect(await missing()).toEqual(conflicts);
    await expectNothingTouched();
  },
);

test('the rounds met what they were made for', () => {
  for (const kind of ['inserted', 'alreadyPresent', 'vanished', 'excluded', 'failed'] as const) {
    expect(
      met.reduce((sum, repair) => sum + repair[kind], 0),
      kind,
    ).toBeGreaterThan(0);
  }
});
