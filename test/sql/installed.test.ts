import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SqlKind } from '../../src/sql/kinds.ts';
import { catalog } from '../support/catalog.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { codesOf, doctor } from '../support/doctor.ts';
import { run } from '../support/job.ts';
import { insertUser, twelveKinds } from '../support/people.ts';
import { apply, printed, withClient } from '../support/printed.ts';

// One file for all that makes the role: roles are shared by the databases of a server.

const CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', full_name: `u.raw_user_meta_data->>'full_name'` },
};
const TABLE = `create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  number serial not null,
  email text,
  full_name text,
  secret text default 'of the app'
);
alter table public.users enable row level security;`;
const KINDS: readonly SqlKind[] = ['trigger', 'webhook', 'history', 'role'];

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(async () => {
  await removeRole();
  await db?.drop();
});

beforeEach(async () => {
  await removeRole();
  await db.query(`drop schema if exists userdrift, extensions cascade; drop schema if exists public cascade;
    create schema public authorization postgres; grant usage on schema public to anon, authenticated, service_role;
    delete from auth.users`);
  await db.queryAsPostgres(TABLE);
});

async function removeRole(): Promise<void> {
  await db.query(`do $$ begin
    if exists (select from pg_roles where rolname = 'userdrift_job') then
      drop owned by userdrift_job;
      drop role userdrift_job;
    end if;
  end $$`);
}

/** Prints and applies, as the role postgres. What is the same text without a database is printed without one. */
async function install(kind: SqlKind, config: object = CONFIG): Promise<void> {
  await apply(db, await printed(kind, config, kind === 'role' ? db.url : undefined));
}

async function installAll(): Promise<void> {
  for (const kind of KINDS) await install(kind);
}

/** What all projects had in schema public until 2026, and a project may have for everything. */
const OPEN_DEFAULTS = ['in schema public', ''].flatMap((where) =>
  ['tables', 'functions', 'sequences'].map(
    (kind) =>
      `alter default privileges for role postgres ${where} grant all on ${kind} to anon, authenticated, service_role`,
  ),
);

describe.for<[string, string]>([
  ['a project whose new objects are closed', 'select'],
  ['a project whose new objects are open to the API', OPEN_DEFAULTS.join(';')],
])('on %s', ([, defaults]) => {
  beforeEach(async () => void (await db.query(defaults)));
  afterAll(
    async () => void (await db.query(defaults.replaceAll(' grant ', ' revoke ').replaceAll(' to anon', ' from anon'))),
  );

  test('nobody of the API reaches what is installed, but service_role the functions that are for it', async () => {
    await installAll();
    const functions = await db.query<{ name: string; who: string }>(`
      select n.nspname || '.' || f.proname as name, r.rolname as who
      from pg_proc f join pg_namespace n on n.oid = f.pronamespace, pg_roles r
      where case when n.nspname in ('public', 'userdrift') then strpos(pg_get_functiondef(f.oid), 'userdrift') > 0 end
        and r.rolname in ('anon', 'authenticated', 'service_role', 'authenticator', 'supabase_auth_admin')
        and has_function_privilege(r.oid, f.oid, 'execute')`);
    expect(functions.filter(({ name, who }) => who !== 'service_role' || name.startsWith('userdrift.'))).toEqual([]);
    const open = functions.map(({ name }) => name);
    expect(open).toEqual(expect.arrayContaining(['public.userdrift_history', 'public.userdrift_record_run']));
    const relations = await db.query(`
      select c.relname, r.rolname from pg_class c join pg_namespace n on n.oid = c.relnamespace, pg_roles r
      where n.nspname = 'userdrift' and c.relkind in ('r', 'v') and r.rolname in ('anon', 'authenticated', 'service_role')
        and (has_table_privilege(r.oid, c.oid, 'select, insert, update, delete, truncate, references, trigger')
          or has_any_column_privilege(r.oid, c.oid, 'select, insert, update, references'))`);
    expect(relations).toEqual([]);
    const schemas = await db.query(`
      select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role')
        and (has_schema_privilege(oid, 'userdrift', 'usage') or has_schema_privilege(oid, 'userdrift', 'create'))`);
    expect(schemas).toEqual([]);
    const unguarded = await db.query(`select relname from pg_class where relnamespace = 'userdrift'::regnamespace
      and relkind = 'r' and not relrowsecurity`);
    expect(unguarded).toEqual([]);
  });

  test('and whoever tries is refused', async () => {
    await installAll();
    await withClient(db.superuserUrl, async (client) => {
      for (const role of ['anon', 'authenticated', 'service_role']) {
        await client.query(`set role ${role}`);
        for (const name of ['runs', 'auth_users', 'secrets']) {
          await expect(client.query(`select from userdrift.${name}`)).rejects.toThrow('permission denied');
        }
        await expect(client.query('select userdrift.copy_user()')).rejects.toThrow('permission denied');
        const history = client.query(`select public.userdrift_record_run('{}'), public.userdrift_history()`);
        await expect(history).rejects.toThrow(role === 'service_role' ? 'violates not-null' : 'permission denied');
      }
    });
  });
});

describe('applied again', () => {
  test('nothing changes, in whatever order', async () => {
    await installAll();
    const before = await catalog(db);
    await installAll();
    expect(await catalog(db)).toEqual(before);
    for (const kind of KINDS.toReversed()) await install(kind);
    expect(await catalog(db)).toEqual(before);
  });
});

describe('uninstall', () => {
  test('leaves the catalog as it was, and the history until it is dropped as well', async () => {
    const before = await catalog(db);
    await installAll();
    expect(await catalog(db)).not.toEqual(before);
    const text = await printed('uninstall', {}, db.url);
    await apply(db, text);
    const left = (await catalog(db)).filter((line) => !before.includes(line));
    expect(left.filter((line) => !/userdrift\.runs|schema userdrift |constraint userdrift\./.test(line))).toEqual([]);
    expect(left.length).toBeGreaterThan(2);
    const [, rest = ''] = /^-- {3}(drop table userdrift\.runs; .*)$/m.exec(text) ?? [];
    await apply(db, rest);
    expect(await catalog(db)).toEqual(before);
  });

  test.for(KINDS)('takes %s back when that is all there is', async (kind) => {
    const before = await catalog(db);
    await install(kind);
    const text = await printed('uninstall', {}, db.url);
    await apply(db, text);
    if (kind === 'history') await apply(db, 'drop table userdrift.runs; drop schema userdrift');
    expect(await catalog(db)).toEqual(before);
  });

  test('is applied again without an error, and changes nothing', async () => {
    const before = await catalog(db);
    for (const kind of KINDS) if (kind !== 'history') await install(kind);
    const text = await printed('uninstall', {}, db.url);
    await apply(db, text);
    await apply(db, text);
    expect(await catalog(db)).toEqual(before);
  });

  test('drops nothing of anybody else', async () => {
    await installAll();
    await db.queryAsPostgres(`
      drop function if exists public.sync_user_from_auth(uuid), public.sync_users_from_auth(uuid[]);
      create function public.sync_user_from_auth(p_user_id uuid) returns void language sql as 'select';
      create function public.sync_users_from_auth(user_ids uuid[]) returns jsonb language sql as 'select null::jsonb';
      create table userdrift.mine (id int);
      create function public.handle() returns trigger language plpgsql as 'begin return new; end';
      create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle()`);
    await db.query(
      `set role userdrift_job; create temp table x (); reset role; create table public.owned (); alter table public.owned owner to userdrift_job`,
    );
    const text = await printed('uninstall', {}, db.url);
    expect(text).toContain('-- Left: role userdrift_job, because something belongs to it');
    expect(text).toContain('-- Left: schema userdrift, because something in it is not from userdrift.');
    await apply(db, text);
    const left = (await catalog(db)).join('\n');
    for (const name of [
      'sync_user_from_auth',
      'sync_users_from_auth',
      'userdrift.mine',
      'on_auth_user_created',
      'public.owned',
    ]) {
      expect(left).toContain(name);
    }
    expect(left).not.toMatch(/zz_userdrift|copy_user|post_user|auth_users|userdrift\.secrets/);
    await db.query('drop trigger on_auth_user_created on auth.users');
  });

  test('leaves the role while it has rights in another database', async () => {
    const other = await createDatabase();
    await install('role');
    await other.query('grant usage on schema public to userdrift_job');
    const text = await printed('uninstall', {}, db.url);
    expect(text).toContain('-- Left: role userdrift_job');
    await apply(db, text);
    await other.drop();
    await apply(db, await printed('uninstall', {}, db.url));
    expect(await db.query(`select from pg_roles where rolname = 'userdrift_job'`)).toEqual([]);
  });

  test('says so where there is nothing', async () => {
    const text = await printed('uninstall', {}, db.url);
    expect(text).toContain('-- Nothing of it is installed.');
    expect(text).not.toContain('begin;');
  });

  test('waits for no lock, so that no sign-up queues behind it', async () => {
    await install('trigger');
    const text = await printed('uninstall', {}, db.url);
    await withClient(db.superuserUrl, async (other) => {
      await other.query('begin; select from auth.users limit 1');
      await expect(apply(db, text)).rejects.toThrow('lock timeout');
    });
    expect(await printed('uninstall', {}, db.url)).toBe(text);
  });
});

describe('the role', () => {
  const AS_ROLE = { ...CONFIG, source: 'userdrift.auth_users' };
  const url = () => db.urlFor('userdrift_job');

  /** What the person does who was told to. */
  async function letIn(): Promise<void> {
    const password = new URL(db.url).password;
    await db.query(`alter role userdrift_job password '${decodeURIComponent(password)}'`);
  }

  test('has no password, and none is printed', async () => {
    const text = await printed('role', CONFIG, db.url);
    expect(
      text
        .split('\n')
        .filter((line) => !line.startsWith('--'))
        .join('\n'),
    ).not.toContain('password');
    await apply(db, text);
    const [role] = await db.query(`select rolpassword from pg_authid where rolname = 'userdrift_job'`);
    expect(role).toEqual({ rolpassword: null });
  });

  test('is enough for check, sync, backfill and doctor', async () => {
    await install('role');
    await letIn();
    await twelveKinds(db);
    const check = await run('check', { url: url(), config: AS_ROLE });
    expect(check).toMatchObject({ verdict: 'drift', database: { user: 'userdrift_job' }, drift: { missing: 9 } });
    expect(check.drift.missingByProvider?.length).toBeGreaterThan(1);
    const sync = await run('sync', { url: url(), config: AS_ROLE });
    expect(sync).toMatchObject({ verdict: 'repaired', repair: { inserted: 9 }, residual: { missing: 0 } });
    await db.query('delete from public.users');
    const backfill = await run('backfill', { url: url(), config: AS_ROLE });
    expect(backfill).toMatchObject({ verdict: 'repaired', repair: { inserted: 9 } });
    const found = await doctor(url(), AS_ROLE);
    expect(codesOf(found)).toEqual(['trigger_absent']);
    await install('trigger');
    expect(codesOf(await doctor(url(), AS_ROLE))).toEqual([]);
  });

  test('is enough for "refresh", a filter, a text key and names in quotes', async () => {
    await db.queryAsPostgres(`create schema "a B"; create table "a B"."Us""er" ("auth ID" text primary key, "Mail" text);
      alter table "a B"."Us""er" enable row level security`);
    const config = {
      target: '"a B"."Us""er"',
      key: 'auth ID',
      columns: { Mail: 'lower(email)' },
      refresh: ['Mail'],
      skip: { sso: true, where: `"u"."phone" is null` },
    };
    await install('role', config);
    await letIn();
    const { id } = await insertUser(db);
    const asRole = { ...config, source: 'userdrift.auth_users' };
    expect(await run('sync', { url: url(), config: asRole })).toMatchObject({ verdict: 'repaired' });
    await db.query(`update auth.users set email = 'NEW@example.com'`);
    expect(await run('sync', { url: url(), config: asRole })).toMatchObject({
      verdict: 'repaired',
      repair: { refreshed: 1 },
    });
    expect(await db.query('select * from "a B"."Us""er"')).toEqual([{ 'auth ID': id, Mail: 'new@example.com' }]);
  });

  test('is enough for a repair function', async () => {
    await db.queryAsPostgres(`create function public.make(who uuid) returns void language sql security definer
      set search_path = '' as 'insert into public.users (id) values (who)';
      revoke all on function public.make from public`);
    const config = { target: 'public.users', repair: { function: 'public.make' } };
    await install('role', config);
    await letIn();
    await insertUser(db);
    const report = await run('sync', { url: url(), config: { ...config, source: 'userdrift.auth_users' } });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: 1 } });
  });

  test('may do nothing else', async () => {
    await install('history');
    await install('role');
    await letIn();
    await insertUser(db);
    await run('sync', { url: url(), config: AS_ROLE });
    expect(await db.query('select verdict, inserted from userdrift.runs')).toEqual([
      { verdict: 'repaired', inserted: '1' },
    ]);
    const columns = await db.query(
      `select attname from pg_attribute where attrelid = 'userdrift.auth_users'::regclass order by attnum`,
    );
    expect(columns.map(({ attname }) => attname)).toEqual([
      'id',
      'email',
      'raw_app_meta_data',
      'raw_user_meta_data',
      'created_at',
      'deleted_at',
      'is_anonymous',
    ]);
    await withClient(url(), async (client) => {
      for (const text of [
        'select id from auth.users',
        'select email from public.users',
        `update public.users set email = ''`,
        'delete from public.users',
        `insert into public.users (id, secret) values (gen_random_uuid(), '')`,
        'truncate public.users',
        `update userdrift.auth_users set email = ''`,
        'select from userdrift.runs',
        'create table public.x ()',
        'create table userdrift.x ()',
        'set role postgres',
      ]) {
        await expect(client.query(text), text).rejects.toThrow(/permission denied/);
      }
      expect((await client.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '1min' }]);
    });
  });

  test('follows a mapping that has become smaller', async () => {
    await install('role');
    await install('role', { target: 'public.users', columns: { email: 'u.email' } });
    const columns = await db.query<{ attname: string }>(
      `select attname from pg_attribute where attrelid = 'userdrift.auth_users'::regclass`,
    );
    expect(columns.map(({ attname }) => attname)).not.toContain('raw_user_meta_data');
    const [granted] = await db.query(
      `select has_column_privilege('userdrift_job', 'public.users', 'full_name', 'insert') as may`,
    );
    expect(granted).toEqual({ may: false });
  });

  test('says what it needs to be remembered, where there is no history yet', async () => {
    const hint = 'apply userdrift sql history, then print and apply this again';
    expect((await printed('role', CONFIG, db.url)).replace(/\n-- /g, ' ')).toContain(hint);
    await install('history');
    expect((await printed('role', CONFIG, db.url)).replace(/\n-- /g, ' ')).not.toContain(hint);
  });

  test('is not made for an expression that reads the whole row', async () => {
    const config = { target: 'public.users', columns: { email: `to_jsonb(u)->>'email'` } };
    await expect(printed('role', config, db.url)).rejects.toThrow('columns.email reads the row u as a whole');
  });

  test('cannot have its types taken for ours by a function that runs as the owner', async () => {
    await install('history');
    await install('role');
    await letIn();
    await withClient(url(), async (client) => {
      await client.query(`create function pg_temp.who() returns boolean language plpgsql as $$
          begin raise warning 'taken over as %', current_user; return true; end $$`);
      for (const type of ['timestamptz', 'text', 'jsonb', 'int8', 'bool', 'int4', 'interval']) {
        await client.query(`create domain pg_temp.${type} as pg_catalog.${type} check (pg_temp.who())`);
      }
      await client.query(`create temp table runs (); create temp table users ()`);
      const said: string[] = [];
      client.on('notice', ({ message }) => said.push(message ?? ''));
      await client.query(`select 'now'::timestamptz`);
      expect(said, 'the trap works').toEqual(['taken over as userdrift_job']);
      said.length = 0;
      const report = await run('check', { url: url(), config: AS_ROLE });
      await client.query('select public.userdrift_record_run($1::pg_catalog.jsonb)', [JSON.stringify(report)]);
      await client.query('select public.userdrift_history()');
      expect(said).toEqual([]);
    });
    expect(await db.query('select verdict from userdrift.runs')).toEqual([{ verdict: 'in_sync' }]);
  });
});

describe('the history', () => {
  const history = async (args = '') => {
    const [row] = await db.query<{ runs: Record<string, unknown>[] }>(
      `select public.userdrift_history(${args}) as runs`,
    );
    return row?.runs ?? [];
  };
  const record = (report: object) => db.query('select public.userdrift_record_run($1)', [JSON.stringify(report)]);

  test('has what a report counts, and nobody by id', async () => {
    await install('history');
    await insertUser(db);
    const report = await run('sync', { url: db.url, config: CONFIG });
    await record(report);
    await record(report);
    const [row, ...others] = await history();
    expect(others).toEqual([]);
    expect(row).toMatchObject({
      run_id: report.runId,
      duration_ms: report.durationMs,
      command: 'sync',
      transport: 'postgres',
      target: 'public.users',
      full_scope: true,
      dry_run: false,
      verdict: 'repaired',
      exit_code: 0,
      reason: null,
      source_total: 1,
      missing: 1,
      inserted: 1,
      refreshed: 0,
      failed: 0,
      residual: 0,
      orphans: 0,
      stale: null,
      named_users: null,
    });
    expect(Date.parse(String(row?.started_at))).toBe(Date.parse(report.startedAt));
    expect(Date.parse(String(row?.oldest))).toBe(Date.parse(report.drift.oldest ?? ''));
  });

  test('keeps the scope and the reason of a run that saw little, without the ids', async () => {
    await install('history');
    const { id } = await insertUser(db);
    const named = await run('check', { url: db.url, config: CONFIG, flags: { user: [id] } });
    await record(named);
    await record(await run('check', { url: db.url, config: { ...CONFIG, target: 'public.nothing' } }));
    const rows = await history();
    expect(JSON.stringify(rows)).not.toContain(id);
    expect(rows.find(({ run_id }) => run_id === named.runId)).toMatchObject({ full_scope: false, named_users: 1 });
    const failed = rows.find(({ verdict }) => verdict === 'failed');
    expect(failed).toMatchObject({ reason: 'target_missing', missing: null, source_total: null, exit_code: 1 });
  });

  test('forgets after 90 days, tells the newest first and as many as asked for, of one target if told', async () => {
    await install('history');
    const report = await run('check', { url: db.url, config: CONFIG });
    await db.query('delete from userdrift.runs');
    const day = 86_400_000;
    const runs = [89, 91, 3, 2, 1].map((days) => ({
      ...report,
      runId: `RUN${days}`,
      startedAt: new Date(Date.now() - days * day).toISOString(),
      target: days === 2 ? 'public.other' : report.target,
    }));
    for (const one of runs) await record(one);
    const ids = async (args?: string) => (await history(args)).map(({ run_id }) => run_id);
    expect(await ids()).toEqual(['RUN1', 'RUN2', 'RUN3', 'RUN89']);
    expect(await ids('2')).toEqual(['RUN1', 'RUN2']);
    expect(await ids(`10, 'public.other'`)).toEqual(['RUN2']);
    expect(await ids('-1')).toEqual([]);
  });
});
