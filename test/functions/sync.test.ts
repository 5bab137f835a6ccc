import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/port.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import { idsIn, until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { call, TEXTBOOK_MAPPING } from '../support/functions.ts';
import { TEXTBOOK_TABLE } from '../support/job.ts';
import { expectNoCanary, insertUser, twelveKinds } from '../support/people.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(`create table public.log (id uuid)`);
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
  await db.queryAsPostgres(`${TEXTBOOK_TABLE}; ${functionsSql(TEXTBOOK_MAPPING)}`);
});

const syncOne = (id: string) => call<{ status: string; why?: string }>(db, 'sync_user_from_auth', `'${id}'`);

async function sync(ids: readonly string[]): Promise<Outcome[]> {
  const list = `array[${ids.map((id) => `'${id}'`).join(', ')}]::uuid[]`;
  return (await call<{ outcomes: Outcome[] }>(db, 'sync_users_from_auth', list)).outcomes;
}

/** How often each kind of outcome came. */
function counts(outcomes: readonly Outcome[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { kind } of outcomes) kinds[kind] = (kinds[kind] ?? 0) + 1;
  return kinds;
}

/** A row trigger of the target, before insert. */
const trigger = (body: string) =>
  db.queryAsPostgres(`create or replace function public.before_insert() returns trigger language plpgsql as $$ begin ${body} return new; end $$;
    create trigger before_insert before insert on public.users for each row execute function public.before_insert()`);

async function failure(work: Promise<unknown>): Promise<pg.DatabaseError> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof pg.DatabaseError)) throw new TypeError('no error of the server');
  return error;
}

describe('sync_user_from_auth', () => {
  test('says what became of the user, and is idempotent', async () => {
    const { fullMetadata, softDeleted, anonymous, inGrace } = await twelveKinds(db);
    expect(await syncOne(fullMetadata.id)).toMatchObject({ status: 'inserted' });
    expect(await syncOne(fullMetadata.id)).toMatchObject({ status: 'already_present' });
    expect(await syncOne(softDeleted.id)).toMatchObject({ status: 'excluded', why: 'deleted' });
    expect(await syncOne(anonymous.id)).toMatchObject({ status: 'excluded', why: 'anonymous' });
    expect(await syncOne(inGrace.id)).toMatchObject({ status: 'inserted' });
    expect(await syncOne(randomUUID())).toMatchObject({ status: 'not_found' });
    expect(await idsIn(db)).toEqual([fullMetadata.id, inGrace.id].sort());
  });

  test('an error keeps its code and tells nothing of the row', async () => {
    const { id } = await insertUser(db);
    await db.queryAsPostgres(`alter table public.users add constraint no_mail check (email is null)`);
    const error = await failure(syncOne(id));
    expect(error).toMatchObject({ code: '23514', message: `user ${id} could not be inserted (23514)` });
    expectNoCanary(JSON.stringify([error.message, error.detail, error.where, error.hint, error.internalQuery]));
  });

  test('a row that a trigger keeps out, or puts under another key, is an error', async () => {
    const { id } = await insertUser(db);
    await trigger('return null;');
    expect(await failure(syncOne(id))).toMatchObject({ code: 'P0001' });
    await db.queryAsPostgres(
      'drop trigger before_insert on public.users; alter table public.users drop constraint users_id_fkey',
    );
    await trigger('new.id := gen_random_uuid();');
    expect(await failure(syncOne(id))).toMatchObject({ code: 'UDKEY' });
    expect(await idsIn(db)).toEqual([]);
  });

  test('whoever another session inserts first is there already, though the mail collides', async () => {
    const { id } = await insertUser(db);
    await db.queryAsPostgres('alter table public.users add constraint one_mail unique (email)');
    const other = new pg.Client({ connectionString: db.url });
    await other.connect();
    try {
      // Not through the key: the conflict arises on the mail, which is what a race of two inserts of one user may raise.
      await other.query('begin; insert into public.users (id, email) select id, email from auth.users');
      const ours = syncOne(id);
      await other.query('commit');
      expect(await ours).toMatchObject({ status: 'already_present' });
    } finally {
      await other.end();
    }
  });

  test('a deferred constraint has its say before the answer', async () => {
    const { id } = await insertUser(db);
    await db.queryAsPostgres(`create table public.plans (id uuid primary key);
      alter table public.users add constraint planned foreign key (id) references public.plans deferrable initially deferred`);
    expect(await failure(syncOne(id))).toMatchObject({ code: '23503' });
    await db.query('drop table public.plans cascade');
  });
});

describe('sync_users_from_auth', () => {
  test('names what became of each, once, in order', async () => {
    const people = await twelveKinds(db);
    const nobody = randomUUID();
    const ids = [...Object.values(people).map(({ id }) => id), nobody];
    const outcomes = await sync([...ids, ...ids]);
    expect(outcomes.map(({ id }) => id)).toEqual([...ids].sort());
    expect(counts(outcomes)).toEqual({ inserted: 10, excluded: 2, vanished: 1 });
    expect(counts(await sync(ids))).toEqual({ alreadyPresent: 10, excluded: 2, vanished: 1 });
    expect(await sync([])).toEqual([]);
    expect((await call<{ outcomes: Outcome[] }>(db, 'sync_users_from_auth', 'null')).outcomes).toEqual([]);
  });

  test.each([1, 3, 40])(
    'of 64 users %i are to blame: those and no others fail, with code and constraint',
    async (bad) => {
      const ids = await crowd(db, 64);
      const poor = ids.filter((_, index) => index % Math.floor(64 / bad) === 0).slice(0, bad);
      await db.query(`update auth.users set email = 'no mail ' || id where id = any($1)`, [poor]);
      await db.queryAsPostgres(`alter table public.users add constraint real_mail check (email ~ '@')`);
      const outcomes = await sync(ids);
      const failed = outcomes.filter(({ kind }) => kind === 'failed');
      expect(failed).toEqual(
        poor.map((id) => ({ id, kind: 'failed', code: '23514', constraint: 'real_mail', column: null })),
      );
      expect(counts(outcomes)).toMatchObject({ inserted: 64 - bad });
      expect(await idsIn(db)).toEqual(ids.filter((id) => !poor.includes(id)));
    },
  );

  test('the column of a missing value is named', async () => {
    const { id } = await insertUser(db, { email: null });
    await db.queryAsPostgres('alter table public.users alter email set not null');
    expect(await sync([id])).toEqual([{ id, kind: 'failed', code: '23502', constraint: null, column: 'email' }]);
  });

  test.each([
    [
      'raised by a trigger',
      `raise exception 'of %', new.email using errcode = '23514', constraint = new.email, column = new.email;`,
      '23514',
    ],
    ['a code of the server in the mouth of a trigger', `raise exception using errcode = '53100';`, '53100'],
    [
      'a missing table in a trigger',
      `if new.email is not null then insert into public.nowhere values (1); end if;`,
      '42P01',
    ],
    ['an assertion', `perform 1 / 0;`, '22012'],
  ])('%s is about the row, and nothing a trigger says is believed', async (_, body, code) => {
    const { id } = await insertUser(db);
    await trigger(body);
    expect(await sync([id])).toEqual([{ id, kind: 'failed', code, constraint: null, column: null }]);
  });

  test('a missing table in a trigger is about the row, also where the trigger has almost our name', async () => {
    const { id } = await insertUser(db);
    await db.queryAsPostgres(`
      create function public.after_sync_users_from_auth() returns trigger language plpgsql set search_path = '' as
        $$begin insert into public.nowhere values (1); return new; end$$;
      create trigger almost after insert on public.users for each row execute function public.after_sync_users_from_auth()`);
    expect(await sync([id])).toMatchObject([{ id, kind: 'failed', code: '42P01' }]);
    await db.query('drop function public.after_sync_users_from_auth() cascade');
  });

  test.each([
    [
      'a missing right',
      `insert into public.log values (new.id);`,
      '42501',
      'revoke all on public.log from postgres, anon, authenticated, service_role; alter table public.log owner to supabase_admin',
    ],
    ['a deadlock', `raise exception using errcode = '40P01';`, '40P01', 'select'],
    ['a lock that nobody lets go', `raise exception using errcode = '55P03';`, '55P03', 'select'],
  ])('%s is about no row: it is raised, and nothing is written', async (_, body, code, before) => {
    const ids = await crowd(db, 3);
    await db.query(before);
    await trigger(body);
    expect(await failure(sync(ids))).toMatchObject({ code });
    expect(await idsIn(db)).toEqual([]);
  });

  test('a timeout is not swallowed', async () => {
    const ids = await crowd(db, 4);
    await trigger('perform pg_sleep(0.2);');
    const client = new pg.Client({ connectionString: db.url });
    await client.connect();
    try {
      await client.query(`set statement_timeout = '300ms'`);
      const late = client.query('select public.sync_users_from_auth($1)', [ids]);
      expect(await failure(late)).toMatchObject({ code: '57014' });
    } finally {
      await client.end();
    }
    expect(await idsIn(db)).toEqual([]);
  });

  test('a deferred constraint is isolated like any other', async () => {
    const ids = await crowd(db, 8);
    await db.queryAsPostgres(`create table public.plans (id uuid primary key);
      alter table public.users add constraint planned foreign key (id) references public.plans deferrable initially deferred`);
    await db.query('insert into public.plans select id from auth.users where id <> $1', [ids[3]]);
    const outcomes = await sync(ids);
    expect(outcomes[3]).toEqual({ id: ids[3], kind: 'failed', code: '23503', constraint: 'planned', column: null });
    expect(counts(outcomes)).toEqual({ inserted: 7, failed: 1 });
    await db.query('drop table public.plans cascade');
  });

  test('a row that is kept out once is sent again alone; one that is kept out twice is suppressed', async () => {
    const ids = await crowd(db, 6);
    await trigger(
      `if new.id = '${ids[1]}' or new.id = '${ids[4]}' and (select count(*) from public.users) = 0 then return null; end if;`,
    );
    const outcomes = await sync(ids);
    expect(outcomes[1]).toEqual({ id: ids[1], kind: 'suppressed' });
    expect(counts(outcomes)).toEqual({ inserted: 5, suppressed: 1 });
    expect(await idsIn(db)).toEqual(ids.filter((id) => id !== ids[1]));
  });

  test('a trigger that changes the key costs the whole call, and leaves no row', async () => {
    const ids = await crowd(db, 3);
    await db.queryAsPostgres('alter table public.users drop constraint users_id_fkey');
    await trigger('new.id := gen_random_uuid();');
    expect(await failure(sync(ids))).toMatchObject({ code: 'UDKEY' });
    expect(await idsIn(db)).toEqual([]);
  });

  test('a user who is deleted while the insert waits for that has vanished, and the others are there', async () => {
    const ids = await crowd(db, 5);
    const other = new pg.Client({ connectionString: db.superuserUrl });
    await other.connect();
    try {
      await other.query('begin');
      await other.query('delete from auth.users where id = $1', [ids[2]]);
      const syncing = sync(ids);
      await until(db, `select from pg_locks where not granted and locktype = 'transactionid'`);
      await other.query('commit');
      const outcomes = await syncing;
      expect(outcomes[2]).toEqual({ id: ids[2], kind: 'vanished' });
      expect(counts(outcomes)).toEqual({ inserted: 4, vanished: 1 });
    } finally {
      await other.end();
    }
  });

  test('two calls at once about the same users divide them', async () => {
    const ids = await crowd(db, 300);
    await db.queryAsPostgres('alter table public.users add constraint one_mail unique (email)');
    const both = await Promise.all([sync(ids), sync([...ids].reverse())]);
    const inserted = both.flat().filter(({ kind }) => kind === 'inserted');
    expect(new Set(inserted.map(({ id }) => id)).size).toBe(inserted.length);
    expect(counts(both.flat())).toEqual({ inserted: 300, alreadyPresent: 300 });
  });

  test('expressions are kept whole: quotes of every kind, comments, names that are variables here', async () => {
    const { id } = await insertUser(db);
    const columns = [
      { name: 'email', expression: `$userdrift$ids$userdrift$ || email -- the variable \`code\`` },
      { name: 'full_name', expression: `'it''s::text' || u.id::text` },
    ];
    await db.queryAsPostgres(
      functionsSql({ ...TEXTBOOK_MAPPING, columns, skip: { ...TEXTBOOK_MAPPING.skip, where: "phone = 'of nobody'" } }),
    );
    expect(counts(await sync([id]))).toEqual({ inserted: 1 });
    const [row] = await db.query(
      `select p.email = 'ids' || u.email as email, p.full_name = 'it''s::text' || u.id as full_name
       from public.users p join auth.users u using (id)`,
    );
    expect(row).toEqual({ email: true, full_name: true });
  });
});

test('a source whose columns are called as the variables of the functions are', async () => {
  const { id } = await insertUser(db);
  const names = [
    'ids',
    'low',
    'high',
    'back',
    'inserted',
    'faults',
    'code',
    'standing',
    'scope',
    'after',
    'page',
    'user_ids',
  ];
  await db.queryAsPostgres(`create or replace view public.people as
    select u.*, ${names.map((name) => `'column ${name}'::text as ${name}`).join(', ')} from auth.users u`);
  const columns = [{ name: 'email', expression: `ids || code || page` }];
  await db.queryAsPostgres(
    functionsSql({ ...TEXTBOOK_MAPPING, source: { schema: 'public', name: 'people' }, columns }),
  );
  expect(await call(db, 'userdrift_missing')).toMatchObject({ ids: [id], next: null });
  expect(await call(db, 'userdrift_measure')).toMatchObject({ missing: 1 });
  expect(await sync([id])).toEqual([{ id, kind: 'inserted' }]);
  expect(await db.query('select email from public.users')).toEqual([{ email: 'column idscolumn codecolumn page' }]);
  await db.query('delete from public.users');
  expect(await syncOne(id)).toMatchObject({ status: 'inserted' });
  await db.query('drop view public.people');
});

test('a text key takes the canonical spelling', async () => {
  const { id } = await insertUser(db);
  await db.query('drop table public.users');
  await db.queryAsPostgres(`create table public.users (uid text primary key, email text, full_name text, created_at timestamptz);
    ${functionsSql({ ...TEXTBOOK_MAPPING, key: 'uid', keyType: 'text' })}`);
  expect(await sync([id])).toEqual([{ id, kind: 'inserted' }]);
  expect(await syncOne(id)).toMatchObject({ status: 'already_present' });
  expect(await idsIn(db, 'public.users', 'uid')).toEqual([id]);
});
