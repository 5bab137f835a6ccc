import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Mapping } from '../../src/sql/mapping.ts';
import { insertAtOnceSql, refreshAtOnceSql } from '../../src/sql/write.ts';
import { until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});

const count = async () => Number((await db.query('select count(*) from public.users'))[0]?.count);

describe('what happened between the read and the write is named', () => {
  test('already present, vanished, excluded', async () => {
    const [first = '', second = '', third = ''] = await crowd(db, 4);
    const report = await run('sync', {
      url: db.url,
      wrap: beforeWrite(async () => {
        await db.query(`insert into public.users (id, email) values ($1, 'by the app')`, [first]);
        await db.query('delete from auth.users where id = $1', [second]);
        await db.query('update auth.users set deleted_at = now() where id = $1', [third]);
      }),
    });
    expect(report).toMatchObject({ verdict: 'repaired', residual: { missing: 0 } });
    expect(report.repair).toMatchObject({ scanned: 4, inserted: 1, alreadyPresent: 1, vanished: 1, excluded: 1 });
    expect(await db.query('select email from public.users where id = $1', [first])).toEqual([{ email: 'by the app' }]);
  });

  test('the e-mail of the moment is written, not the one of the scan', async () => {
    const [id] = await crowd(db, 1);
    const change = beforeWrite(() => db.query(`update auth.users set email = 'new@example.org' where id = $1`, [id]));
    await run('sync', { url: db.url, wrap: change });
    expect(await db.query('select email from public.users')).toEqual([{ email: 'new@example.org' }]);
  });

  test('a user who is deleted while the row is inserted has vanished and has not failed', async () => {
    const [id] = await crowd(db, 3);
    // The insert waits for this deletion and then meets its foreign key: 23503, which a plain retry settles.
    const deletion = await db.admin.connect();
    await deletion.query('begin');
    await deletion.query('delete from auth.users where id = $1', [id]);
    const waiting = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like 'with written%'`;
    const ended = until(db, waiting).then(() => deletion.query('commit'));
    const report = await run('sync', { url: db.url });
    await ended;
    deletion.release();
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 2, vanished: 1, failed: 0 } });
  });

  test('a row that a trigger swallows is suppressed, and the run says that it is missing', async () => {
    const [, second] = await crowd(db, 3);
    await db.query(`create or replace function public.swallow() returns trigger language plpgsql as $$
      begin if new.id = '${second}' then return null; end if; return new; end $$;
      create trigger swallow before insert on public.users for each row execute function public.swallow()`);
    const report = await run('sync', { url: db.url });
    expect(report).toMatchObject({ verdict: 'unrepaired', exitCode: 2, residual: { missing: 1 } });
    expect(report.repair).toMatchObject({ inserted: 2, suppressed: 1, failed: 0 });
    expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'trigger' }));
  });
});

describe('bad rows', () => {
  test.each([1, 5, 100])('%i of 1000 fail alone, the rest is inserted', async (bad) => {
    const ids = await crowd(db, 1000);
    const step = Math.floor(1000 / bad);
    const poison = ids.filter((_, index) => index % step === 7 % step).slice(0, bad);
    await db.query(`update auth.users set email = null where id = any($1)`, [poison]);
    await db.query('alter table public.users alter email set not null');
    const report = await run('backfill', { url: db.url });
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      exitCode: 2,
      residual: { missing: bad },
      failuresTotal: bad,
    });
    expect(report.repair).toMatchObject({ scanned: 1000, inserted: 1000 - bad, failed: bad });
    expect(report.failures.map(({ id }) => id).sort()).toEqual(poison);
    expect(new Set(report.failures.map(({ code, column }) => `${code} ${column}`))).toEqual(new Set(['23502 email']));
    expect(await count()).toBe(1000 - bad);
    if (bad === 1) expect(report.batches).toEqual({ count: 1, retried: 0, split: 10 });
  });

  test.each([
    ['23514', 'users_email_check', null, `alter table public.users add check (email not like 'bad@%')`],
    [
      '23505',
      'users_email_key',
      null,
      `alter table public.users add unique (email); insert into public.users values ((select id from auth.users order by id limit 1), 'bad@example.org')`,
    ],
    ['22001', null, null, 'alter table public.users alter email type varchar(60)'],
    ['22P02', null, null, `create type public.mail as enum ('x'); alter table public.users add kind public.mail`],
    [
      'P0001',
      null,
      null,
      `create or replace function public.refuse() returns trigger language plpgsql as $$
      begin if new.email like 'bad@%' then raise exception 'no % please', new.email using detail = new.email; end if; return new; end $$;
      create trigger refuse before insert on public.users for each row execute function public.refuse()`,
    ],
  ])('%s is a failure with constraint %s', async (code, constraint, column, ddl) => {
    const ids = await crowd(db, 20);
    const id = ids[13] ?? '';
    await db.query(`update auth.users set email = 'bad@example.org' where id = $1`, [id]);
    if (code === '22001') await db.query(`update auth.users set email = rpad('bad', 70, 'x') where id = $1`, [id]);
    await db.query(ddl);
    const kind = `case when u.email like 'bad@%' then u.email::public.mail end`;
    const columns = code === '22P02' ? { ...TEXTBOOK.columns, kind } : TEXTBOOK.columns;
    const report = await run('backfill', { url: db.url, config: { ...TEXTBOOK, columns } });
    expect(report).toMatchObject({ verdict: 'unrepaired', repair: { failed: 1 }, residual: { missing: 1 } });
    expect(report.failures).toEqual([{ id, op: 'insert', code, constraint, column }]);
  });

  test('twenty failures of one kind with nothing inserted are systemic, and stop the run', async () => {
    await crowd(db, 1000);
    await db.query('alter table public.users add constraint never check (false)');
    const report = await run('backfill', { url: db.url, flags: { concurrency: 1 } });
    expect(report).toMatchObject({
      verdict: 'failed',
      exitCode: 1,
      reason: { code: 'systemic_failure' },
      failuresTotal: 20,
    });
    expect(report.repair).toMatchObject({ scanned: 1000, inserted: 0, failed: 20, unresolved: 980 });
    expect(report.residual.missing).toBe(1000);
  });

  test('after the first insert limits.failures is the only brake', async () => {
    const ids = await crowd(db, 200);
    await db.query('update auth.users set email = null where id = any($1)', [ids.slice(100)]);
    await db.query('alter table public.users alter email set not null');
    const config = { ...TEXTBOOK, limits: { failures: 40 } };
    const report = await run('backfill', { url: db.url, config, flags: { concurrency: 1 } });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'failures_limit' }, failuresTotal: 40 });
    expect(report.repair).toMatchObject({ inserted: 100, failed: 40, unresolved: 60 });
    expect(await count()).toBe(100);
  });

  test('a size that runs into its timeout is not tried again', async () => {
    await crowd(db, 32);
    // More than four rows take too long; a sequence counts on although the statement is rolled back.
    await db.queryAsPostgres(`
      create sequence public.late;
      create function public.slow() returns trigger language plpgsql as $$ begin
        if (select count(*) from added) > 4 then
          perform nextval('public.late');
          raise exception 'late' using errcode = '57014';
        end if;
        return null;
      end $$;
      create trigger slow after insert on public.users referencing new table as added for each statement execute function public.slow()`);
    const report = await run('backfill', { url: db.url, flags: { batchSize: 16, concurrency: 1 } });
    expect(report).toMatchObject({
      verdict: 'repaired',
      repair: { inserted: 32, failed: 0 },
      batches: { count: 2, split: 2 },
    });
    const [tried] = await db.query('select last_value::int as times from public.late');
    expect(tried).toEqual({ times: 2 });
    await db.query('drop sequence public.late; drop function public.slow() cascade');
  });

  test('the same users inserted by somebody else at the same time are no failures', async () => {
    await db.query('alter table public.users add unique (email)');
    const ids = await crowd(db, 2000);
    const racing = beforeWrite(async (batch) => {
      // Not awaited: both inserts run at once, and one of them meets 23505 on the e-mail index.
      void db
        .query(
          `insert into public.users (id, email) select id, email from auth.users where id = any($1) order by id on conflict (id) do nothing`,
          [batch],
        )
        .catch(() => {});
    });
    const report = await run('backfill', { url: db.url, wrap: racing, flags: { batchSize: 100 } });
    expect(report).toMatchObject({
      verdict: 'repaired',
      residual: { missing: 0 },
      repair: { failed: 0, scanned: 2000 },
    });
    expect(await count()).toBe(ids.length);
  });
});

describe('the ids of a batch are read once, not for each row that is looked at', () => {
  const mapping: Mapping = {
    source: { schema: 'auth', name: 'users' },
    target: { schema: 'public', name: 'users' },
    key: 'id',
    keyType: 'uuid',
    columns: [{ name: 'email', expression: 'u.email' }],
    refresh: [{ name: 'email', expression: 'u.email', type: 'text' }],
    skip: { deleted: true, anonymous: true, sso: true, where: null },
    repair: null,
  };

  test.each([
    ['insert', insertAtOnceSql(mapping)],
    ['refresh', refreshAtOnceSql(mapping)],
  ])('%s', async (_, text) => {
    const client = await db.admin.connect();
    try {
      // So does a planner who knows of the table only that it was small once.
      await client.query('begin; set local enable_indexscan = off; set local enable_bitmapscan = off');
      const { rows } = await client.query(`explain ${text}`, [`{${await crowd(db, 20)}}`]);
      const plan = JSON.stringify(rows);
      expect(plan).toMatch(/Filter: [^"]*ANY \('\{/);
      expect(plan).not.toContain('::text)::uuid[]');
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('named users', () => {
  test('one line per id, and grace does not matter to who was named', async () => {
    const [first = '', second = '', third = ''] = await crowd(db, 3);
    await db.query('update auth.users set created_at = now() where id = $1', [first]);
    await db.query('update auth.users set is_anonymous = true where id = $1', [second]);
    const user = [first, second, third];
    await db.query('insert into public.users (id) values ($1)', [third]);
    const check = await run('check', { url: db.url, flags: { user } });
    expect(check).toMatchObject({ verdict: 'drift', exitCode: 2, scope: { full: false, users: user } });
    expect(check.users?.map(({ outcome, why }) => [outcome, why])).toEqual([
      ['missing', null],
      ['excluded', 'anonymous'],
      ['already_present', null],
    ]);
    const sync = await run('sync', { url: db.url, flags: { user } });
    expect(sync).toMatchObject({ verdict: 'repaired', exitCode: 0, repair: { scanned: 1, inserted: 1 } });
    expect(sync.users?.map(({ outcome }) => outcome)).toEqual(['inserted', 'excluded', 'already_present']);
    expect(await run('sync', { url: db.url, flags: { user: [second] } })).toMatchObject({
      verdict: 'in_sync',
      exitCode: 0,
    });
  });

  test('a user who does not exist is 1, and the others are repaired all the same', async () => {
    const [id = ''] = await crowd(db, 1);
    const stranger = '00000000-0000-0000-0000-000000000001';
    const report = await run('sync', { url: db.url, flags: { user: [stranger, id] } });
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'no_such_user' } });
    expect(report.users?.map(({ outcome }) => outcome)).toEqual(['no_such_user', 'inserted']);
    expect(await count()).toBe(1);
  });

  test('a row that is refused says why', async () => {
    const [id = ''] = await crowd(db, 1);
    await db.query('alter table public.users add constraint never check (false)');
    const report = await run('sync', { url: db.url, flags: { user: [id] } });
    expect(report).toMatchObject({ verdict: 'unrepaired', exitCode: 2 });
    expect(report.users).toMatchObject([{ id, outcome: 'failed', code: '23514', constraint: 'never' }]);
  });
});
