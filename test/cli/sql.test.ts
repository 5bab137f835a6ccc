import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import type { SqlKind } from '../../src/sql/kinds.ts';
import { catalog } from '../support/catalog.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { apply, printed } from '../support/printed.ts';

const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };
const OFFLINE: readonly SqlKind[] = ['functions', 'trigger', 'webhook', 'history', 'statement'];

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(`drop schema if exists extensions, net, public cascade; create schema public authorization postgres;
    create schema extensions; grant usage on schema extensions to postgres; create extension pgcrypto schema extensions;
    create schema net; grant usage on schema net to postgres;
    create function net.http_post(text, jsonb, jsonb, jsonb, integer) returns bigint language sql as 'select 1::bigint'`);
  await db.queryAsPostgres('create table public.users (id uuid primary key, email text)');
});

/** A printing that is refused: the exit code and the one line. */
async function refused(kind: string, config: object, url?: string, args: string[] = []) {
  const { code, stdout, said } = await run(['sql', kind, ...args], { config, ...(url === undefined ? {} : { url }) });
  expect(stdout).toBe('');
  expect(said).toHaveLength(1);
  return { code, line: said[0] ?? '' };
}

describe('userdrift sql', () => {
  test('prints SQL on stdout and nothing else anywhere', async () => {
    const { code, stdout, stderr, files } = await run(['sql', 'trigger'], { url: db.url, config: CONFIG });
    expect({ code, stderr, files }).toEqual({ code: 0, stderr: '', files: {} });
    expect(stdout).toMatch(/^-- userdrift sql trigger: userdrift \d+\.\d+\.\d+, mapping [0-9a-f]+\n--\n/);
    expect(stdout).toMatch(/\nbegin;\n.*\ncommit;\n$/s);
    await db.queryAsPostgres(stdout);
    await db.query('drop schema userdrift cascade');
  });

  test('changes nothing, prints the same again, and never drops a trigger by its name', async () => {
    // Roles are shared by the databases of the server, and another test makes one.
    const look = async () => (await catalog(db)).filter((line) => !line.includes('userdrift_job'));
    const before = await look();
    for (const kind of [...OFFLINE, 'role'] as const) {
      const text = await printed(kind, CONFIG, db.url);
      expect(await printed(kind, CONFIG, db.url)).toBe(text);
      expect(text.replaceAll(/--.*/g, '')).not.toMatch(/drop trigger/i);
    }
    expect(await look()).toEqual(before);
  });

  test.for(OFFLINE)('%s needs no database if the configuration says all, and is then the same text', async (kind) => {
    expect(await printed(kind, CONFIG)).toBe(await printed(kind, CONFIG, db.url));
  });

  test('is for auth.users, whatever view the job reads', async () => {
    const config = { ...CONFIG, source: 'userdrift.auth_users' };
    const text = await printed('trigger', config, db.url);
    expect(text).toBe(await printed('trigger', config));
    expect(text).toContain('on "auth"."users"\n');
    expect(await printed('role', config, db.url)).toContain('from "auth"."users";\n');
  });

  test('does not know anything else', async () => {
    const { code, line } = await refused('everything', CONFIG);
    expect(code).toBe(64);
    expect(line).toContain('Allowed choices are functions, trigger, webhook, role, history, statement, uninstall');
  });
});

describe('without a database', () => {
  test.for<[string, SqlKind, object]>([
    ['what is in it decides', 'role', CONFIG],
    ['what is in it decides', 'uninstall', CONFIG],
    ['no target is named', 'trigger', { columns: CONFIG.columns }],
    ['no columns are named', 'statement', { target: 'public.users' }],
    ['the types of refresh columns are not known', 'trigger', { ...CONFIG, refresh: ['email'] }],
  ])('where %s, %s asks for DATABASE_URL', async ([, kind, config]) => {
    await expect(printed(kind, config)).rejects.toMatchObject({ code: 'database_url_missing', verdict: 'failed' });
  });

  test('says so in one line', async () => {
    const { code, line } = await refused('role', CONFIG);
    expect(code).toBe(1);
    expect(line).toContain('DATABASE_URL is not set');
  });
});

describe('with a database, sql', () => {
  test('functions does not go past the repair function of the application, with or without a database', async () => {
    const config = { target: 'public.users', repair: { function: 'public.create_user' } };
    await db.queryAsPostgres(
      `create function public.create_user(id uuid) returns void language sql as 'insert into public.users values (id)'`,
    );
    for (const url of [db.url, undefined]) {
      await expect(printed('functions', config, url)).rejects.toMatchObject({ code: 'repair_over_http' });
    }
    expect(await printed('trigger', config, db.url)).toContain('perform "public"."create_user"(u.id)');
  });

  test('refuses to print what a function of somebody else stands in the way of', async () => {
    await db.queryAsPostgres(
      `create function public.userdrift_history(runs integer, of_target text) returns setof text language sql as 'select null'`,
    );
    const { code, line } = await refused('history', CONFIG, db.url);
    expect(code).toBe(4);
    expect(line).toContain('function public.userdrift_history(integer,text) is there already');
    expect(line).toContain('then: drop function public.userdrift_history(integer,text);');
  });

  test.for([
    'create function public.userdrift_record_run(report text) returns void language sql as $$select$$',
    'create function public.userdrift_record_run(report jsonb) returns jsonb language sql as $$select report$$',
    'create function public.userdrift_record_run(run jsonb) returns void language sql as $$select$$',
    'create procedure public.userdrift_record_run(report jsonb) language sql as $$select$$',
    'create aggregate public.userdrift_record_run(jsonb) (sfunc = jsonb_concat, stype = jsonb)',
  ])('%s is in the way, until it is dropped as the fix says', async (statement) => {
    await db.queryAsPostgres(statement);
    const fault: unknown = await printed('history', CONFIG, db.url).catch((error: unknown) => error);
    expect(fault).toMatchObject({ code: 'function_foreign', verdict: 'refused' });
    const drop = /then: (drop .*;)$/.exec(fault instanceof Fault ? (fault.fix ?? '') : '')?.[1] ?? '';
    await db.queryAsPostgres(drop);
    await apply(db, await printed('history', CONFIG, db.url));
    expect(await printed('history', CONFIG, db.url)).toContain('create or replace function');
    await db.query('drop schema userdrift cascade');
  });

  test.for<[string, object, string]>([
    ['there is no such table', { ...CONFIG, target: 'public.nobody' }, 'target_missing'],
    ['a column does not exist', { ...CONFIG, columns: { mail: 'u.email' } }, 'column_unknown'],
    ['an expression is wrong', { ...CONFIG, columns: { email: 'u.mail' } }, 'expression_invalid'],
    ['an expression is more than one', { ...CONFIG, columns: { email: 'u.email), (now()' } }, 'expression_invalid'],
    ['nothing is unique', { target: 'public.loose', columns: {} }, 'key_not_unique'],
  ])('stops where a sync would: %s', async ([, config, reason]) => {
    await db.queryAsPostgres('create table public.loose (id uuid)');
    await expect(printed('trigger', config, db.url)).rejects.toMatchObject({ code: reason });
  });

  test('knows a text key', async () => {
    await db.queryAsPostgres('create table public.profiles (id text primary key)');
    expect(await printed('trigger', { target: 'public.profiles', columns: {} }, db.url)).toContain('select u.id::text');
  });

  test('finds the target and its columns by itself, and says which', async () => {
    await db.queryAsPostgres('alter table public.users add foreign key (id) references auth.users');
    const text = (await printed('trigger', {}, db.url)).replaceAll(/\n-- /g, ' ');
    expect(text).toContain('insert into "public"."users" ("id", "email")');
    expect(text).toContain('NOTE: columns were inferred: email; to keep them so, write to userdrift.config.json:');
  });

  test('names the candidates as commands where several could be meant', async () => {
    await db.queryAsPostgres(`alter table public.users add foreign key (id) references auth.users;
      create table public.profiles (id uuid primary key references auth.users)`);
    const { code, line } = await refused('trigger', {}, db.url);
    expect(code).toBe(1);
    expect(line).toContain('userdrift sql trigger --target public.profiles --key id | userdrift sql trigger --target');
  });

  test('warns of a privilege that users would give themselves', async () => {
    await db.queryAsPostgres('alter table public.users add role text');
    const config = { ...CONFIG, columns: { role: `u.raw_user_meta_data->>'role'` } };
    for (const kind of ['trigger', 'statement', 'role'] as const) {
      const text = (await printed(kind, config, db.url)).replaceAll(/\n-- /g, ' ');
      expect(text).toContain(
        'NOTE: columns.role takes a privilege from raw_user_meta_data, which users write themselves',
      );
    }
  });

  test('warns of triggers of the table that would look names up under an empty search_path', async () => {
    await db.queryAsPostgres(`
      create function public.greet() returns trigger language plpgsql as 'begin insert into greetings values (new.id); return new; end';
      create trigger greet after insert on public.users for each row execute function public.greet();
      create function public.touch() returns trigger language plpgsql as 'begin new.email := lower(new.email); return new; end';
      create trigger touch before insert on public.users for each row execute function public.touch();
      create function public.fine() returns trigger language plpgsql set search_path = public as 'begin perform 1; return new; end';
      create trigger fine before insert on public.users for each row execute function public.fine()`);
    const text = (await printed('trigger', CONFIG, db.url)).replaceAll(/\n-- /g, ' ');
    expect(text.match(/NOTE/g)).toHaveLength(1);
    expect(text).toContain('NOTE: trigger greet of the table runs public.greet()');
    expect(text).toContain('alter function public.greet() set search_path = public, extensions;');
  });

  test('puts nothing of a name outside its comment', async () => {
    await db.queryAsPostgres(`create table public."x
drop table users; --" (id uuid primary key)`);
    const config = { target: '"x\ndrop table users; --"', columns: {} };
    for (const kind of ['trigger', 'statement', 'role'] as const) {
      const lines = (await printed(kind, config, db.url)).split('\n');
      expect(lines.slice(0, lines.indexOf('')).filter((line) => !line.startsWith('--'))).toEqual([]);
    }
  });
});
