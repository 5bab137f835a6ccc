import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { onTables } from '../support/on-tables.ts';

let db: TestDatabase;
let role: { name: string; url: string };

beforeAll(async () => {
  db = await createDatabase();
  role = await db.createRole('noinherit');
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(
    'drop schema if exists userdrift cascade; drop table if exists public.users cascade; delete from auth.users',
  );
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  await db.query(
    `grant usage on schema public to ${role.name}; grant select, insert, update on public.users to ${role.name}`,
  );
  await crowd(db, 5);
});

/** The recipe for a role that sees auth.users through a view that postgres owns. */
async function leastPrivilege(): Promise<object> {
  await db.query(`
    create schema userdrift authorization postgres;
    set role postgres;
    create view userdrift.auth_users as select id, email, created_at, deleted_at, is_anonymous, is_sso_user, raw_user_meta_data from auth.users;
    grant usage on schema userdrift to ${role.name};
    grant select on userdrift.auth_users to ${role.name};
    reset role`);
  return { ...TEXTBOOK, source: 'userdrift.auth_users' };
}

describe('a role that row level security filters is never told that all is well', () => {
  test('on the source: SELECT without BYPASSRLS reads nothing and gets no error', async () => {
    await db.query(
      `grant usage on schema auth to ${role.name}; grant select on auth.users to ${role.name}; alter table public.users disable row level security`,
    );
    for (const command of ['check', 'sync', 'backfill'] as const) {
      expect(await run(command, { url: role.url })).toMatchObject({
        verdict: 'inconclusive',
        exitCode: 1,
        reason: { code: 'source_unseen' },
      });
    }
  });

  test('on the target: users would look missing that are not', async () => {
    const config = await leastPrivilege();
    await db.query('insert into public.users (id) select id from auth.users');
    expect(await run('check', { url: role.url, config })).toMatchObject({
      verdict: 'inconclusive',
      reason: { code: 'target_unseen' },
    });
  });

  test('a policy that shows some rows is no sight', async () => {
    const config = await leastPrivilege();
    await db.query(`create policy few on public.users to ${role.name} using (email is not null) with check (true)`);
    expect(await run('check', { url: role.url, config })).toMatchObject({ verdict: 'inconclusive' });
    await db.query(`drop policy few on public.users; create policy "all" on public.users to ${role.name} using (true) with check (true);
      create policy less on public.users as restrictive to ${role.name} using (true)`);
    expect(await run('check', { url: role.url, config })).toMatchObject({ verdict: 'inconclusive' });
  });

  test('a security_invoker view over auth.users shows nothing, and that is noticed', async () => {
    const config = await leastPrivilege();
    await db.query(
      'alter view userdrift.auth_users set (security_invoker = true); alter table public.users disable row level security',
    );
    await db.query(`grant usage on schema auth to ${role.name}; grant select on auth.users to ${role.name}`);
    expect(await run('check', { url: role.url, config })).toMatchObject({
      verdict: 'inconclusive',
      reason: { code: 'source_unseen' },
    });
  });

  test('sight that is lost during the run makes it inconclusive', async () => {
    const config = await leastPrivilege();
    await db.query(`create policy "all" on public.users to ${role.name} using (true) with check (true)`);
    let measures = 0;
    const blind = onTables((tables) => {
      const measure = tables.measure.bind(tables);
      tables.measure = async (...asked) => {
        measures += 1;
        if (measures === 2) await db.query('drop policy "all" on public.users');
        return measure(...asked);
      };
    });
    const report = await run('sync', { url: role.url, config, wrap: blind });
    expect(report).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 1,
      residual: { missing: null },
      repair: { inserted: 5 },
    });
  });
});

test('a check needs no policy that lets it write', async () => {
  const config = await leastPrivilege();
  await db.query(`create policy "look" on public.users for select to ${role.name} using (true)`);
  expect(await run('check', { url: role.url, config })).toMatchObject({ verdict: 'drift', drift: { missing: 5 } });
  expect(await run('sync', { url: role.url, config })).toMatchObject({ verdict: 'inconclusive' });
});

describe('a role with least privilege', () => {
  test('works through a view and a policy that says true', async () => {
    const config = await leastPrivilege();
    await db.query(`create policy "all" on public.users to ${role.name} using (true) with check (true)`);
    expect(await run('check', { url: role.url, config })).toMatchObject({ verdict: 'drift', drift: { missing: 5 } });
    expect(await run('sync', { url: role.url, config })).toMatchObject({
      verdict: 'repaired',
      repair: { inserted: 5 },
    });
    expect(await run('sync', { url: role.url, config })).toMatchObject({ verdict: 'in_sync' });
  });

  test('refresh needs a policy for updates as well', async () => {
    const config = { ...(await leastPrivilege()), refresh: ['email'] };
    await db.query(`create policy look on public.users for select to ${role.name} using (true);
      create policy add on public.users for insert to ${role.name} with check (true)`);
    expect(await run('sync', { url: role.url, config: { ...config, refresh: [] } })).toMatchObject({
      verdict: 'repaired',
    });
    await db.query(`update public.users set email = 'old'`);
    expect(await run('sync', { url: role.url, config })).toMatchObject({ verdict: 'inconclusive' });
    await db.query(`create policy change on public.users for update to ${role.name} using (true)`);
    expect(await run('sync', { url: role.url, config })).toMatchObject({
      verdict: 'repaired',
      repair: { refreshed: 5 },
    });
  });

  test('without the right to insert, nothing is written and the reason is named', async () => {
    const config = await leastPrivilege();
    await db.query(
      `create policy "all" on public.users to ${role.name} using (true) with check (true); revoke insert on public.users from ${role.name}`,
    );
    expect(await run('check', { url: role.url, config })).toMatchObject({ verdict: 'drift' });
    expect(await run('sync', { url: role.url, config })).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 1,
      reason: { code: 'insert_invalid' },
    });
  });

  test('a view that lacks a column of skip is named with the column', async () => {
    const config = await leastPrivilege();
    await db.query(
      'drop view userdrift.auth_users; set role postgres; create view userdrift.auth_users as select id, email, created_at, raw_user_meta_data from auth.users; grant select on userdrift.auth_users to public; reset role',
    );
    const report = await run('check', { url: role.url, config });
    expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'source_column_missing' } });
    expect(report.reason?.message).toContain('deleted_at, is_anonymous');
  });
});

describe('through a transaction pooler', () => {
  const pooled = () => `${db.url}${db.url.includes('?') ? '&' : '?'}pgbouncer=true`;

  test('the job works in transactions of its own, and its settings stay in them', async () => {
    await db.query(`create table public.seen (timeout text, named int);
      create function public.look() returns trigger language plpgsql security definer as $$ begin
        insert into public.seen values (current_setting('lock_timeout'), (select count(*) from pg_prepared_statements)); return new; end $$;
      create trigger look after insert on public.users for each row execute function public.look()`);
    const report = await run('backfill', { url: pooled(), flags: { batchSize: 2 } });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 5 }, batches: { count: 3 } });
    expect(await db.query('select distinct timeout, named from public.seen')).toEqual([{ timeout: '5s', named: 0 }]);
    await db.query('drop table public.seen cascade; drop function public.look cascade');
  });
});
