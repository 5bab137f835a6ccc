import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Facts } from '../../src/facts.ts';
import { causesOf } from '../../src/reconcile/causes/causes.ts';
import { renderJson } from '../../src/render/json.ts';
import { renderText } from '../../src/render/text.ts';
import type { Note } from '../../src/report.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
let facts: Facts | undefined;

async function furnish(): Promise<void> {
  db = await createDatabase();
  await insertUser(db);
}

beforeAll(furnish);
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(`do $$ declare name text; begin
    for name in select tgname from pg_trigger where tgrelid = 'auth.users'::regclass and not tgisinternal loop
      execute format('drop trigger %I on auth.users', name);
    end loop; end $$`);
  await db.query(`drop schema if exists net, supabase_functions, odd cascade; drop schema public cascade;
    create schema public authorization postgres; grant usage on schema public to public`);
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});

/** The causes that a check reports while a user is missing. */
async function causes(config: object = TEXTBOOK): Promise<Note[]> {
  const report = await run('check', {
    url: db.url,
    config,
    wrap: (port) => {
      const inspect = port.inspect.bind(port);
      port.inspect = async (names) => {
        facts = await inspect(names);
        return facts;
      };
      return port;
    },
  });
  expect(report.drift.missing).toBe(1);
  return report.causes;
}

const codes = async (config?: object) => (await causes(config)).map(({ code }) => code);

const INSERT = 'insert into public.users (id, email) values (new.id, new.email) on conflict (id) do nothing;';

/** A trigger function as the guides have it. */
function handler(body = INSERT, options = `security definer set search_path = ''`, name = 'public.handle_new_user') {
  return `create function ${name}() returns trigger language plpgsql ${options} as $body$ begin ${body} return new; end $body$;`;
}

const trigger = (rest = 'execute function public.handle_new_user()', when = 'after insert') =>
  `create trigger on_auth_user_created ${when} on auth.users for each row ${rest};`;

const GOOD = handler() + trigger();
const REMADE =
  'create or replace trigger on_auth_user_created after insert on auth.users for each row execute function public.handle_new_user();';
const OTHER = handler('perform 1;', '', 'public.audit');

const PG_NET = `create schema net; grant usage on schema net to public;
  create function net.http_post(url text, headers jsonb default '{}', body jsonb default '{}') returns bigint language sql as 'select 1::bigint';`;
const STOCK = `create schema supabase_functions; grant usage on schema supabase_functions to public;
  create function supabase_functions.http_request() returns trigger language plpgsql as $$ begin return new; end $$;`;
const stockHook = (headers = '{"Content-Type":"application/json"}') =>
  `create trigger hook after insert on auth.users for each row
   execute function supabase_functions.http_request('https://example.com', 'POST', '${headers}', '{}', '1000');`;

describe('no cause', () => {
  test.for<[string, string]>([
    ['a trigger that copies every sign-up', GOOD],
    ['it fires always', `${GOOD} alter table auth.users enable always trigger on_auth_user_created;`],
    ['before the insert', handler() + trigger(undefined, 'before insert')],
    ['on insert or update', handler() + trigger(undefined, 'after insert or update of email')],
    [
      'it calls the function that copies',
      `create function public.copy(who uuid) returns void language sql as 'insert into public.users (id) values (who)';
      ${handler('perform public.copy(new.id);')} ${trigger()}`,
    ],
    [
      'it calls one with a body in SQL itself',
      `create function public.copy(who uuid) returns void begin atomic insert into public.users (id) values (who); end;
      ${handler('perform public.copy(new.id);')} ${trigger()}`,
    ],
    [
      'names in quotes, comments in between',
      handler('insert /* to */ into "public" . "users" -- don\'t\n (id) values (new.id);') + trigger(),
    ],
    ['SQL in a string', handler(`execute 'insert into public.users (id) values ($1)' using new.id;`) + trigger()],
    [
      'an error that is raised again',
      handler(`begin ${INSERT} exception when others then raise warning 'lost'; raise; end;`) + trigger(),
    ],
    ['it only speaks of others', handler(`${INSERT} raise log 'when others then';`) + trigger()],
    [
      'only one kind of error is handled',
      handler(`begin ${INSERT} exception when unique_violation then null; end;`) + trigger(),
    ],
    [
      'its rights are enough',
      `${handler(INSERT, `set search_path = ''`)} ${trigger()} grant insert on public.users to supabase_auth_admin;
      create policy sign_up on public.users for insert to supabase_auth_admin with check (true);`,
    ],
    [
      'a good one beside others that are off, late or about something else',
      `${GOOD} ${OTHER}
      create trigger audit after insert on auth.users for each row execute function public.audit();
      create trigger late after update on auth.users for each row execute function public.handle_new_user();
      create trigger off after insert on auth.users for each row execute function public.handle_new_user();
      alter table auth.users disable trigger off;`,
    ],
    [
      'a good one beside a webhook',
      `${GOOD} ${PG_NET} ${handler(`perform net.http_post('https://example.com');`, '', 'public.post')}
      create trigger hook after insert on auth.users for each row execute function public.post();`,
    ],
    [
      'what looks like a name with a schema is none',
      `create schema odd; create type odd.kind as enum ('a'); ${handler(`declare users public.users; extra record; begin
        select u.id, u.email into users.id, users.email from auth.users u where u.id = new.id and u.email is not distinct from new.email
          and extract(epoch from u.created_at) > 0 and new.email not in (select 'a') and (u.role) = any(array['x.y(', 'from no.where']);
        select 1 as n into extra; -- insert into no.where
        perform u.id from auth.users u where u.id = new.id; perform new.id; perform 1 where $q$ odd.kind(3) $q$ is null;
        create temporary table if not exists seen (id uuid); insert into pg_temp.seen values (new.id);
        insert into public.users as p (id, email) values (users.id, lower(new.email)) on conflict (id) do update set email = excluded.email where p.email is distinct from excluded.email;
      end;`)} ${trigger()}`,
    ],
  ])('%s', async ([, sql]) => {
    await db.query(sql);
    expect(await causes()).toEqual([]);
  });
});

describe('a cause', () => {
  /** What is there, what is found, and whether the fix (as SQL, run by the role postgres or by the owner) ends it. */
  test.for<[string, string, string[], ('postgres' | 'owner')?]>([
    ['nothing there at all', '', ['trigger_absent']],
    ['the trigger was dropped and its function is left', handler(), ['trigger_absent'], 'postgres'],
    [
      'the same, by a function that it calls',
      `create function public.copy(who uuid) returns void language sql as 'insert into public.users (id) values (who)';
      ${handler('perform public.copy(new.id);')}`,
      ['trigger_absent'],
      'postgres',
    ],
    [
      'it calls what does not exist',
      handler(`${INSERT} perform public.welcome(new.id);`) + trigger(),
      ['trigger_calls_missing'],
    ],
    [
      'the extension behind it is gone',
      handler(`perform net.http_post('https://example.com');`) + trigger(),
      ['trigger_calls_missing', 'webhook'],
    ],
    [
      'the target was renamed',
      `${handler(INSERT.replace('public.users', 'public.profiles'))} ${trigger()}`,
      ['trigger_calls_missing'],
    ],
    [
      'a schema was dropped',
      `${handler(`update app.counters set n = n + 1; ${INSERT}`)} ${trigger()}`,
      ['trigger_calls_missing'],
    ],
    [
      'it has to do with another table',
      `${OTHER} ${trigger('execute function public.audit()')}`,
      ['trigger_elsewhere'],
    ],
    [
      'it only says the name of the target',
      `${handler(`raise log 'public.users, users'; /* insert into public.users */`, '', 'public.audit')} ${trigger('execute function public.audit()')}`,
      ['trigger_elsewhere'],
    ],
    [
      'another schema has a table of that name',
      `create schema odd; create table odd.users (id uuid); ${handler('insert into odd.users values (new.id);')} ${trigger()}`,
      ['trigger_elsewhere'],
    ],
    [
      'it has to do with another table, and the right function is left',
      `${OTHER} ${handler()} ${trigger('execute function public.audit()')}`,
      ['trigger_elsewhere'],
      'postgres',
    ],
    [
      'it fires on update only',
      handler() + trigger(undefined, 'after update of email_confirmed_at'),
      ['trigger_update_only'],
    ],
    [
      'a WHEN clause',
      handler() + trigger("when (new.email like '%@canary.example') execute function public.handle_new_user()"),
      ['trigger_conditional'],
    ],
    [
      'it swallows errors',
      handler(`begin ${INSERT} exception when unique_violation or others then raise warning '%', sqlerrm; end;`) +
        trigger(),
      ['trigger_swallows'],
    ],
    [
      'it has no rights and swallows errors',
      handler(`begin ${INSERT} exception when others then null; end;`, `set search_path = ''`) + trigger(),
      ['trigger_invoker', 'trigger_swallows'],
    ],
    [
      'its rights end at the schema',
      `${handler(INSERT, `set search_path = ''`)} ${trigger()} grant insert on public.users to supabase_auth_admin;
        revoke usage on schema public from public; grant usage on schema public to postgres`,
      ['trigger_invoker'],
    ],
    ['it has no rights', handler(INSERT, `set search_path = ''`) + trigger(), ['trigger_invoker'], 'owner'],
    [
      'it looks in schema auth',
      handler(INSERT.replace('public.', ''), 'security definer') + trigger(),
      ['trigger_pathless'],
      'owner',
    ],
    [
      'a webhook by pg_net',
      `${PG_NET} ${handler(`perform net.http_post('https://example.com');`)} ${trigger()}`,
      ['webhook'],
    ],
    [
      'it copies, and posts, and is silent about errors',
      `${PG_NET} ${handler(`begin ${INSERT} perform net.http_post('https://example.com'); exception when others then null; end;`)} ${trigger()}`,
      ['trigger_swallows'],
    ],
    [
      'another one that is off and broken is none',
      `${handler('perform public.nothing();', '', 'public.audit')} ${trigger('execute function public.audit()')} alter table auth.users disable trigger on_auth_user_created`,
      ['trigger_absent'],
    ],
    ['the stock webhook', STOCK + stockHook(), ['webhook', 'webhook_stock']],
    ['a stock webhook beside a good trigger', GOOD + STOCK + stockHook(), ['webhook_stock']],
    [
      'a key in the arguments',
      STOCK + stockHook('{"Authorization":"Bearer x"}'),
      ['webhook', 'webhook_stock', 'webhook_secret'],
    ],
    [
      'a token in the arguments',
      STOCK + stockHook('{"x-hook":"eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.sig"}'),
      ['webhook', 'webhook_stock', 'webhook_secret'],
    ],
    [
      'a key in the source',
      `${PG_NET} ${handler(`perform net.http_post('https://example.com', '{"apikey": "sb_secret_x"}');`)} ${trigger()}`,
      ['webhook', 'webhook_secret'],
    ],
    [
      'a key in a comment of the source is none',
      `${PG_NET} ${handler(`/* no Authorization header */ perform net.http_post('https://example.com');`)} ${trigger()}`,
      ['webhook'],
    ],
    [
      'a webhook that is off',
      `${STOCK} ${stockHook()} alter table auth.users disable trigger hook;`,
      ['trigger_disabled'],
    ],
  ])('%s', async ([, sql, expected, role]) => {
    await db.query(sql);
    const found = await causes();
    expect(found.map(({ code }) => code)).toEqual(expected);
    expect(JSON.stringify(facts?.source?.signUps)).not.toMatch(
      /canary|example\.com|Bearer|sb_secret|eyJ|profiles \(|no\.where/,
    );
    if (!role) return;
    await (role === 'postgres' ? db.queryAsPostgres : db.query)(found[0]?.fix ?? '');
    expect(await codes()).toEqual([]);
  });

  test('names what is missing, once each', async () => {
    await db.query(
      handler(
        'insert into "public"."Profiles" (id) values (new.id); update public."Profiles" set id = id; perform APP.Welcome(new.id);',
      ) + trigger(),
    );
    const [found] = await causes();
    expect(found?.message).toBe('public.handle_new_user names app.welcome, public."Profiles", which do not exist');
  });

  test('gives the complete statement for a stray', async () => {
    await db.query(handler());
    expect((await causes())[0]).toEqual({
      code: 'trigger_absent',
      message:
        'public.handle_new_user copies users to public.users, but no trigger on auth.users runs it: dumps of schema public leave such triggers out',
      fix: REMADE,
    });
  });

  test.for<[string, string]>([
    [
      'another table uses',
      `${handler()} create trigger t after insert on public.users for each row execute function public.handle_new_user();`,
    ],
    ['only deletes', handler('delete from public.users where id = old.id;')],
    [
      'is called, not fired',
      `create function public.copy(who uuid) returns void language sql as 'insert into public.users (id) values (who)'`,
    ],
  ])('takes no function for a stray that %s', async ([, sql]) => {
    await db.query(sql);
    expect(await codes()).toEqual(['trigger_absent']);
    // Among them would be those of foreign keys, which are nobody's business.
    expect(facts?.source?.signUps).toEqual({ table: 'auth.users', owned: false, triggers: [], strays: [] });
  });

  test('takes no trigger away to make one', async () => {
    await db.query(
      `${OTHER} ${handler()} create trigger on_auth_user_created after update on auth.users for each row execute function public.audit();`,
    );
    const [found] = await causes();
    expect(found?.fix).toContain('create or replace trigger on_auth_user_created_2 after insert');
    await db.queryAsPostgres(found?.fix ?? '');
    expect(await codes()).toEqual([]);
    expect(await db.query(`select from pg_trigger where tgname like 'on_auth_user_created%'`)).toHaveLength(2);
  });
});

describe('a trigger that is off', () => {
  const OFF = { disable: 'disabled', 'enable replica': 'disabled' };

  test.for(Object.keys(OFF))('%s: the owner enables it, and postgres replaces it', async (how) => {
    await db.query(`${GOOD} alter table auth.users ${how} trigger on_auth_user_created`);
    const [found, ...others] = await causes();
    expect(others).toEqual([]);
    expect(found).toEqual({
      code: 'trigger_disabled',
      message: 'trigger on_auth_user_created on auth.users is disabled',
      fix: `alter table auth.users enable trigger on_auth_user_created; or, without owning the table: ${REMADE}`,
    });
    const [enable = '', remake = ''] = (found?.fix ?? '').split(' or, without owning the table: ');
    await expect(db.queryAsPostgres(enable)).rejects.toMatchObject({ code: '42501' });
    await db.queryAsPostgres(remake);
    expect(await codes()).toEqual([]);
    await db.query(`alter table auth.users ${how} trigger on_auth_user_created`);
    await db.query(enable);
    expect(await codes()).toEqual([]);
  });

  test('the owner needs no other way', async () => {
    await db.query(`${GOOD} alter table auth.users disable trigger on_auth_user_created`);
    const report = await run('check', { url: db.superuserUrl });
    expect(report.causes[0]?.fix).toBe('alter table auth.users enable trigger on_auth_user_created;');
  });

  const RUN = 'execute function public.handle_new_user()';

  test.for<[string, string]>([
    ['arguments', "after insert on auth.users for each row execute function public.handle_new_user('canary secret')"],
    ['a condition', `after insert on auth.users for each row when (new.email <> 'canary@example.com') ${RUN}`],
    ['columns', `after insert or update of email, phone on auth.users for each row ${RUN}`],
    ['the new rows', `after insert on auth.users referencing new table as fresh for each statement ${RUN}`],
    ['once for a statement', `after insert on auth.users for each statement ${RUN}`],
    ['several events', `before insert or delete or update on auth.users for each row ${RUN}`],
  ])('%s: survives a replacement, and nothing of it is told', async ([, rest]) => {
    await db.query(`${handler()} create trigger on_auth_user_created ${rest};
      alter table auth.users disable trigger on_auth_user_created`);
    const definition = () =>
      db.query(`select pg_get_triggerdef(oid) as sql from pg_trigger where tgname = 'on_auth_user_created'`);
    const before = await definition();
    const [found] = await causes();
    expect(found?.code).toBe('trigger_disabled');
    expect(JSON.stringify([found, facts?.source])).not.toContain('canary');
    await db.queryAsPostgres(found?.fix?.split(' or, without owning the table: ')[1] ?? '');
    expect(await codes()).not.toContain('trigger_disabled');
    expect(await definition()).toEqual(before);
  });
});

describe('a function that is gone', () => {
  // Such a trigger cannot even be dropped.
  afterEach(async () => {
    await db.drop();
    await furnish();
  });

  const gone = `${GOOD} delete from pg_proc where proname = 'handle_new_user';`;

  test('is said, and what to do once it is back', async () => {
    await db.query(gone);
    expect(await causes()).toEqual([
      {
        code: 'trigger_function_missing',
        message: 'the function of trigger on_auth_user_created on auth.users does not exist any more',
        fix: `create the function again, then: ${REMADE.replace('public.handle_new_user', '<function>')}`,
      },
    ]);
  });

  test('is replaced by another that would do', async () => {
    await db.query(gone + handler(INSERT, `security definer set search_path = ''`, 'public.copy_user'));
    const [found] = await causes();
    expect(found?.code).toBe('trigger_function_missing');
    await db.queryAsPostgres(found?.fix ?? '');
    expect(await codes()).toEqual([]);
  });
});

describe('where it looks', () => {
  test('behind a view, auth.users', async () => {
    await db.query(`create schema odd; create view odd.members as select * from auth.users; grant usage on schema odd to postgres; grant select on odd.members to postgres;
      alter view odd.members owner to postgres; ${GOOD} alter table auth.users disable trigger on_auth_user_created`);
    const config = { ...TEXTBOOK, source: 'odd.members' };
    const [found] = await causes(config);
    expect(found?.message).toBe('trigger on_auth_user_created on auth.users is disabled');
    expect(found?.fix).toContain(REMADE);
    await db.query('alter table auth.users enable trigger on_auth_user_created');
    expect(await codes(config)).toEqual([]);
  });

  test('for a user asked for by id as well, and for nobody who is there', async () => {
    const [user] = await db.query<{ id: string }>('select id from auth.users');
    const flags = { user: [user?.id ?? ''] };
    expect((await run('check', { url: db.url, flags })).causes).toMatchObject([{ code: 'trigger_absent' }]);
    await db.query('insert into public.users (id) select id from auth.users');
    expect((await run('check', { url: db.url, flags })).causes).toEqual([]);
    expect((await run('check', { url: db.url })).causes).toEqual([]);
  });

  test('a role that may read little learns the same', async () => {
    const reader = await db.createRole('bypassrls');
    await db.query(`${GOOD} alter table auth.users disable trigger on_auth_user_created;
      grant usage on schema auth to ${reader.name}; grant select on auth.users, public.users to ${reader.name}`);
    expect((await run('check', { url: reader.url })).causes).toMatchObject([{ code: 'trigger_disabled' }]);
    await db.query(`drop owned by ${reader.name}`);
  });

  test('without a number, and with none missing', async () => {
    const found = (missing: number | null) =>
      causesOf(facts as Facts, { target: { schema: 'public', name: 'users' } }, missing);
    await causes();
    expect(found(null)).toMatchObject([{ about: 'causes', level: 'warning', code: 'trigger_absent' }]);
    expect(found(0)).toEqual([]);
    await db.query(`${GOOD} alter table auth.users disable trigger on_auth_user_created`);
    await causes();
    expect(found(0)).toMatchObject([{ code: 'trigger_disabled' }]);
    expect(causesOf(facts as Facts, {}, 1)).toEqual([]);
  });
});

describe('hostile names', () => {
  const EVIL = `a\n::error::x\u001b[31m"'\u202e\\';--`;
  const quoted = `"${EVIL.replaceAll('"', '""')}"`;
  const text = `'${EVIL.replaceAll("'", "''")}'`;

  test.for<[string, string, string[]]>([
    ['off', `alter table auth.users disable trigger ${quoted}`, ['trigger_disabled']],
    ['dropped', `drop trigger ${quoted} on auth.users`, ['trigger_absent']],
  ])('%s: nothing acts on a terminal, and the fix is SQL', async ([, sql, expected]) => {
    await db.query(`create schema odd; create table odd.${quoted} (id uuid primary key); grant all on schema odd to postgres; grant all on odd.${quoted} to postgres;
      create function odd.${quoted}() returns trigger language plpgsql security definer as $body$ begin insert into odd.${quoted} values (new.id); return new; end $body$;
      create trigger ${quoted} after insert on auth.users for each row execute function odd.${quoted}(${text === '' ? '' : text})`);
    await db.query(sql);
    const config = { target: `odd.${quoted}`, columns: {} };
    const report = await run('check', { url: db.url, config });
    expect(report.causes.map(({ code }) => code)).toEqual(expected);
    const shown = [renderText(report, { color: false, unicode: true, width: 80 }), renderJson(report)];
    for (const output of shown) {
      expect(output.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(output).not.toMatch(/^\s*::/m);
    }
    const fix = report.causes[0]?.fix ?? '';
    await db.query(fix.split(' or, without owning the table: ').at(-1) ?? '');
    expect(await codes(config)).toEqual([]);
  });
});
