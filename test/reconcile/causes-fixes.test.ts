import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Note } from '../../src/report.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

/** An accusation has to be true, and a fix has to work for the role postgres without ending sign-ups. */
const CONFIG = { target: 'public.profiles', columns: { email: 'u.email' } };

let db: TestDatabase;
let server: pg.Pool;

beforeAll(async () => {
  db = await createDatabase();
  await insertUser(db);
  server = new pg.Pool({ connectionString: db.urlFor('supabase_auth_admin'), ssl: false, max: 1 });
});

afterAll(async () => {
  await server.end();
  await db.drop();
});

beforeEach(async () => {
  await db.query(`do $$ declare name text; begin
    for name in select tgname from pg_trigger where tgrelid = 'auth.users'::regclass and not tgisinternal loop
      execute format('drop trigger %I on auth.users', name);
    end loop; end $$;
    drop schema if exists net, app cascade; drop schema public cascade;
    create schema public authorization postgres; grant usage on schema public to public;
    delete from auth.users where email like 'fresh%'`);
  await db.queryAsPostgres(
    'create table public.profiles (id uuid primary key, email text); alter table public.profiles enable row level security',
  );
});

async function causes(): Promise<Note[]> {
  return (await run('check', { url: db.url, config: CONFIG })).causes;
}

/** Somebody signs up, as the auth server does it. Were they copied? An error is the user's. */
async function signUp(): Promise<boolean> {
  const id = randomUUID();
  await server.query('insert into auth.users (id, email) values ($1, $2)', [id, `fresh-${id}@example.com`]);
  return (await db.query('select from public.profiles where id = $1', [id])).length > 0;
}

const INSERT = 'insert into public.profiles (id, email) values (new.id, new.email);';
const BARE = INSERT.replace('public.', '');
const SAFE = `security definer set search_path = ''`;

function handler(body = INSERT, options = SAFE, name = 'public.handle_new_user', language = 'plpgsql') {
  return `create function ${name}() returns trigger language ${language} ${options} as $body$ begin ${body} return new; end $body$;`;
}

const helper = (name: string, body: string) =>
  `create function public.${name}(who uuid) returns void language plpgsql as $body$ begin ${body} end $body$;`;

const TRIGGER =
  'create trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();';
const OFF = `${TRIGGER} alter table auth.users disable trigger on_auth_user_created;`;

/** Functions are of the role postgres, as an app's are; the trigger of whoever may disable it. */
async function build(functions: string, triggers = ''): Promise<void> {
  await db.queryAsPostgres(functions);
  if (triggers) await db.query(triggers);
}

/** Functions that fail at each sign-up, what is said of them, and whether SQL alone mends them. */
const FAILING: [string, string, string, RegExp, 'mends' | null][] = [
  [
    'without rights',
    handler(INSERT, `set search_path = ''`),
    'invoker',
    /runs as supabase_auth_admin, who may/,
    'mends',
  ],
  [
    'whom no policy lets in',
    `${handler(INSERT, `set search_path = ''`)} grant insert on public.profiles to supabase_auth_admin;`,
    'invoker',
    /runs as supabase_auth_admin, who may/,
    'mends',
  ],
  ['without a path', handler(BARE, 'security definer'), 'pathless', /names profiles without a schema/, 'mends'],
  ['with an empty path', handler(BARE), 'pathless', /names profiles without a schema/, 'mends'],
  ['with the path auth', handler(BARE, 'security definer set search_path = auth'), 'pathless', /profiles/, 'mends'],
  ['with neither', handler(BARE, ''), 'invoker', /may not insert.*; .*names profiles without a schema/, 'mends'],
  [
    'with a call that its path does not find',
    `${helper('copy', 'insert into public.profiles (id) values (who);')} ${handler('perform copy(new.id);')}`,
    'pathless',
    /names copy without a schema/,
    'mends',
  ],
  [
    'by a function with an empty path of its own',
    `${helper('copy', 'insert into profiles (id) values (who);')} alter function public.copy set search_path = '';
     ${handler('perform public.copy(new.id);')}`,
    'pathless',
    /profiles/,
    'mends',
  ],
  [
    'with another table that its path does not find',
    `create table public.accounts (id uuid); ${handler(`${INSERT} insert into accounts (id) values (new.id);`)}`,
    'pathless',
    /names accounts without a schema/,
    'mends',
  ],
  [
    'with a call that leads nowhere',
    handler(`${INSERT} perform public.gone(new.id);`),
    'calls_missing',
    /names public.gone,/,
    null,
  ],
  [
    'with a column that is gone',
    handler('insert into public.profiles (id, full_name) values (new.id, new.email);'),
    'columns_missing',
    /fills full_name of public.profiles, which has no such column/,
    null,
  ],
];

describe.for(FAILING)('a function %s', ([, functions, code, fact, cure]) => {
  test('has defects, which SQL ends one after the other', async () => {
    await build(functions, TRIGGER);
    await expect(signUp()).rejects.toThrow();
    const found = await causes();
    expect(found[0]?.code).toBe(`trigger_${code}`);
    expect(found.map(({ message }) => message).join('; ')).toMatch(fact);
    if (!cure) return;
    for (const { fix } of found) await db.queryAsPostgres(fix ?? '');
    expect(await causes()).toEqual([]);
    expect(await signUp()).toBe(true);
  });

  test.for([
    ['whose trigger was dropped', ''],
    ['whose trigger is off', OFF],
  ] as const)('%s: cured before a trigger runs it', async ([, triggers]) => {
    await build(functions, triggers);
    expect(await signUp()).toBe(false);
    const [found, ...others] = await causes();
    expect(others).toEqual([]);
    expect(found?.message).toContain('as it is, it would fail: ');
    expect(found?.message).toMatch(fact);
    if (cure) {
      await db.queryAsPostgres(found?.fix ?? '');
      expect(await causes()).toEqual([]);
      expect(await signUp()).toBe(true);
    } else {
      expect(found?.fix).not.toMatch(/create or replace trigger|enable trigger/);
      expect(found?.fix).toMatch(/^first /);
    }
  });
});

describe('a stray', () => {
  test.for([
    ['of another table', 'insert into public.profiles (id, email) values (new.owner_id, new.billing_email);'],
    ['that copies the whole row', 'insert into public.profiles select new.*;'],
    ['that lives on arguments', `${INSERT} perform tg_argv[0];`],
  ])('%s is none', async ([, body]) => {
    await build(handler(body));
    expect(await causes()).toMatchObject([
      { code: 'trigger_absent', message: expect.not.stringContaining('handle_new') },
    ]);
  });

  test('among several: all are named, and none is run', async () => {
    await build(['a', 'b', 'c', 'd'].map((name) => handler(INSERT, SAFE, `public.${name}`)).join(' '));
    const [found] = await causes();
    expect(found?.message).toMatch(/^public\.a, public\.b, public\.c and others copy users/);
    expect(found?.fix).toMatch(/^decide .*execute function <function>\(\);$/);
  });

  test('beside a trigger that copies on update: no second one that makes the same row', async () => {
    await build(
      handler() + handler(INSERT, SAFE, 'public.late'),
      'create trigger late after update on auth.users for each row execute function public.late()',
    );
    expect(await causes()).toMatchObject([{ code: 'trigger_update_only' }]);
  });
});

test('of two triggers that are off and make the same row, none is enabled', async () => {
  await build(handler(), `${OFF} ${OFF.replaceAll('on_auth_user_created', 'twin')}`);
  const found = await causes();
  expect(found.map(({ code }) => code)).toEqual(['trigger_disabled', 'trigger_disabled']);
  for (const { fix } of found) expect(fix).toMatch(/^decide which one of .*, and see that only that one is on$/);
});

test('nor beside one that may do so', async () => {
  const opaque = handler(
    `execute format('insert into %s (id) values ($1)', tg_argv[0]) using new.id;`,
    SAFE,
    'public.loose',
  );
  const beside = `create trigger loose after insert on auth.users for each row execute function public.loose('public.profiles')`;
  await build(handler() + opaque, `${OFF} ${beside}`);
  expect(await causes()).toMatchObject([
    { code: 'trigger_disabled', fix: expect.stringMatching(/^decide which one of on_auth_user_created, loose is/) },
  ]);
});

test('a webhook that is off is no good without its extension', async () => {
  await build(handler(`perform net.http_post('https://example.com');`), OFF);
  expect(await causes()).toMatchObject([
    { code: 'trigger_disabled', fix: 'first create extension pg_net; then doctor tells how to enable it' },
  ]);
});

test('a constraint trigger that is off gets a twin', async () => {
  const late = `create constraint trigger late after insert on auth.users deferrable initially deferred
    for each row when (new.email <> 'a') execute function public.handle_new_user()`;
  await build(handler(), `${late}; alter table auth.users disable trigger late`);
  const [found] = await causes();
  await db.queryAsPostgres(found?.fix?.split(' or, without owning the table: ')[1] ?? '');
  expect(await signUp()).toBe(true);
  const definitions = await db.query<{ sql: string }>(
    `select replace(pg_get_triggerdef(oid), 'late_2', 'late') as sql from pg_trigger where tgname like 'late%'`,
  );
  expect(new Set(definitions.map(({ sql }) => sql)).size).toBe(1);
});

describe('what copies is not accused', () => {
  test.for<[string, string]>([
    [
      'a chain of calls',
      `${helper('third', 'insert into public.profiles (id) values (who);')} ${helper('second', 'perform public.third(who);')}
       ${handler('perform public.second(new.id);')}`,
    ],
    ['a path that leads there', handler(BARE, 'security definer set search_path = "$user", public')],
    ['a path of its own', handler(`perform set_config('search_path', 'public', true); ${BARE}`, 'security definer')],
    [
      'a table that may be there',
      handler(
        `if to_regclass('public.legacy') is not null then insert into public.legacy values (new.id); end if; ${INSERT}`,
      ),
    ],
    [
      'a call that may fail',
      handler(`${INSERT} begin perform public.gone(); exception when undefined_function then null; end;`),
    ],
    [
      'a call that its path does not find, and that may fail',
      `${helper('note', 'perform 1;')} ${handler(`${INSERT} begin perform note(new.id); exception when others then null; end;`)}`,
    ],
    [
      'a call that may fail in any way',
      handler(`${INSERT} begin perform public.gone(); exception when others then null; end;`),
    ],
    [
      'an error that is raised again at the end',
      handler(`begin ${INSERT} exception when others then if true then raise log 'x'; end if; raise; end;`),
    ],
    ['and after a block', handler(`begin ${INSERT} exception when others then begin perform 1; end; raise; end;`)],
    ['an insert after a block', handler(`begin perform 1/0; exception when others then null; end; ${INSERT}`)],
    ['an insert before a block', handler(`${INSERT} begin perform 1/0; exception when others then null; end;`)],
    ['an insert in a handler', handler(`begin perform 1/0; exception when others then ${INSERT} end;`)],
    [
      'columns in quotes, after comments, of a part of the table',
      handler(
        'insert into public.profiles as p ("id", /* x, */ email) values (new.id, new.email) on conflict (id) do nothing;',
      ),
    ],
    ['values that are a query', handler('insert into public.profiles (select new.id, new.email);')],
    [
      'a policy lets the server write',
      `${handler(INSERT, `set search_path = ''`)} grant insert on public.profiles to supabase_auth_admin;
       create policy p on public.profiles for insert to supabase_auth_admin with check (true);`,
    ],
  ])('%s', async ([, functions]) => {
    await build(functions, TRIGGER);
    expect(await signUp()).toBe(true);
    expect(await causes()).toEqual([]);
  });
});

describe('what cannot be told', () => {
  test.for<[string, string]>([
    [
      'SQL that is put together',
      handler(`execute format('insert into %I.%I (id) values ($1)', 'public', 'prof' || 'iles') using new.id;`),
    ],
    ['SQL from arguments', handler(`execute format('insert into %s (id) values ($1)', tg_argv[0]) using new.id;`)],
    [
      'by a function that it calls',
      `${helper('second', `execute 'insert into ' || 'public.prof' || 'iles (id) values ($1)' using who;`)} ${handler('perform public.second(new.id);')}`,
    ],
  ])('%s: nothing is claimed, and no stray is run beside it', async ([, functions]) => {
    await build(
      functions + handler(INSERT, SAFE, 'public.stray'),
      TRIGGER.replace('user()', `user('public.profiles')`),
    );
    expect(await signUp()).toBe(true);
    expect(await causes()).toMatchObject([
      { code: 'trigger_opaque', message: expect.stringMatching(/^cannot tell whether trigger on_auth_user_created/) },
    ]);
  });

  test('a function in another language', async () => {
    await build(
      'select',
      TRIGGER.replace('public.handle_new_user', 'pg_catalog.suppress_redundant_updates_trigger').replace(
        'after insert',
        'before insert or update',
      ),
    );
    expect(await causes()).toMatchObject([{ code: 'trigger_opaque' }]);
  });
});

describe('what swallows errors', () => {
  test.for<[string, string]>([
    ['around the copy', handler(`begin ${INSERT} exception when others then raise warning 'lost'; end;`)],
    [
      'around a block with it',
      handler(`begin begin ${INSERT} end; exception when unique_violation then null; when others then null; end;`),
    ],
    [
      'around a call that copies',
      `${helper('copy', 'insert into public.profiles (id) values (who);')}
       ${handler('begin perform public.copy(new.id); exception when others then null; end;')}`,
    ],
    [
      'in the function that copies',
      `${helper('copy', 'begin insert into public.profiles (id) values (who); exception when others then null; end;')}
       ${handler('perform public.copy(new.id);')}`,
    ],
  ])('%s', async ([, functions]) => {
    await build(functions, TRIGGER);
    await db.query('alter table public.profiles add constraint never check (email is null and email is not null)');
    expect(await signUp()).toBe(false);
    expect(await causes()).toMatchObject([{ code: 'trigger_swallows' }]);
  });
});

test('an extension that is gone is made again, for nobody can make its functions', async () => {
  await build(handler(`${INSERT} perform net.http_post('https://example.com');`), TRIGGER);
  expect(await causes()).toMatchObject([{ code: 'trigger_calls_missing', fix: 'create extension pg_net;' }]);
});

test('a table of that name elsewhere may have other columns', async () => {
  await build(
    `create schema app; create table app.profiles (id uuid, nick text);
     ${handler('insert into profiles (id, nick) values (new.id, new.email);', 'security definer set search_path = app')}`,
    TRIGGER,
  );
  expect(await causes()).toMatchObject([{ code: 'trigger_elsewhere' }]);
});

test('a comment is no webhook', async () => {
  await build(handler('-- net.http_post was here\n perform 1;'), TRIGGER);
  expect(await causes()).toMatchObject([{ code: 'trigger_elsewhere' }]);
});
