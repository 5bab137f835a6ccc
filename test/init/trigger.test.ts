import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { filesIn, projectWith, runInit } from '../support/init.ts';
import { run } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());
beforeEach(() => db.query('drop schema public cascade; create schema public authorization postgres'));

interface App {
  columns?: string;
  /** The statements of the function. */
  body: string;
  declare?: string;
  /** Who runs it; null: nobody. */
  when?: string | null;
  /** What else there is. */
  before?: string;
}

/** What init makes of an app with such a trigger. */
async function proposed({
  columns = '',
  body,
  declare = '',
  when = 'after insert on auth.users for each row',
  before = '',
}: App) {
  await db.queryAsPostgres(before);
  await db.queryAsPostgres(`create type public.kind as enum ('reader', 'writer');
    create table public.profiles (id uuid primary key references auth.users, full_name text, email text${columns});
    create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as
      $f$ ${declare} begin ${body} return new; end $f$;
    ${when === null ? '' : `create trigger on_auth_user_created ${when} execute function public.handle_new_user()`}`);
  const directory = await projectWith();
  const { out } = await runInit(db.url, directory);
  const { 'userdrift.config.json': text = '' } = await filesIn(directory);
  return { out, text, mapped: parseConfig(text, 'test').columns };
}

const GUESS = { full_name: expect.stringMatching(/^coalesce\(nullif/), email: 'u.email' };
const ASKS = `create function public."Asks"(mail text) returns text language sql as 'select upper(mail)'`;
const insert = (columns: string, values: string) => `insert into public.profiles (${columns}) values (${values});`;

describe('of a trigger on auth.users', () => {
  test('the expressions are taken over, and the code is shown', async () => {
    const { out, text, mapped } = await proposed({
      columns: ', kind public.kind, born timestamptz, bio text',
      body: insert('id, full_name, kind, born', `new.id, NEW.raw_user_meta_data->>'name', 'reader', now()`),
    });
    expect(mapped).toEqual({
      full_name: `u.raw_user_meta_data->>'name'`,
      email: 'u.email',
      kind: `'reader'`,
      born: 'now()',
    });
    expect(out).toContain('Trigger on_auth_user_created runs public.handle_new_user\n');
    expect(out).toContain(`NEW.raw_user_meta_data->>'name', 'reader', now());`);
    expect(out).toContain('born will tell the time of the copy, not of the sign-up');
    expect(text).toContain(
      `    // as public.handle_new_user writes it\n    "full_name": "u.raw_user_meta_data->>'name'"`,
    );
    expect(text).toContain(
      `    // by its name and type; public.handle_new_user does not write it\n    "email": "u.email"`,
    );
    expect(text).toContain('//   bio: left NULL');
  });

  test('what may be NULL falls back where NULL is not allowed: such sign-ups are who is missing', async () => {
    const { mapped } = await proposed({
      columns: `, name text not null, nick text not null default 'you', kind public.kind not null`,
      body: insert(
        'id, full_name, name, nick, kind',
        `new.id, new.email, new.raw_user_meta_data->>'name', new.phone, 'reader'`,
      ),
    });
    expect(mapped).toMatchObject({
      full_name: 'u.email',
      name: expect.stringMatching(/^coalesce\(u\.raw_user_meta_data->>'name', coalesce\(nullif.*split_part/),
      nick: `coalesce((u.phone)::text, ('you'::text)::text)`,
      kind: `'reader'`,
    });
    await insertUserPastTriggers({ raw_user_meta_data: {} });
    const report = await run('sync', {
      url: db.url,
      config: { target: 'public.profiles', columns: mapped, grace: '0s' },
    });
    expect(report).toMatchObject({ verdict: 'repaired', exitCode: 0 });
  });

  test.each<[string, App, string]>([
    [
      'a privilege that users would give themselves',
      { columns: ', role text', body: insert('id, role', `new.id, new.raw_user_meta_data->>'role'`) },
      'users could give themselves the privilege',
    ],
    [
      'such a privilege in capitals',
      { columns: ', role text', body: insert('id, role', `NEW.ID, NEW.RAW_USER_META_DATA->>'role'`) },
      'users could give themselves the privilege',
    ],
    [
      'a privilege that not everybody gets',
      {
        columns: ', role text',
        body: `if new.email like '%@a.b' then ${insert('id, role', `new.id, 'admin'`)} end if;`,
      },
      'not everybody may get that there',
    ],
    [
      'a fixed value that not everybody gets',
      {
        columns: ', org text',
        body: `if new.email like '%@a.b' then ${insert('id, org', `new.id, 'acme'`)} end if;`,
      },
      'not everybody may get that there',
    ],
    [
      'a privilege under a condition of the trigger',
      {
        columns: ', role text',
        body: insert('id, role', `new.id, 'admin'`),
        when: `after insert on auth.users for each row when (new.email like '%@a.b')`,
      },
      'not everybody may get that there',
    ],
    [
      'a variable, though a column of auth.users has its name',
      { columns: ', role text', declare: 'declare role text;', body: insert('id, role', 'new.id, role') },
      'role is known to the function only',
    ],
    [
      'a key',
      { columns: ', note text', body: insert('id, note', "new.id, 'sb_secret_abc'") },
      'a key has no place in a configuration',
    ],
    [
      'a function that may write or send something',
      { columns: ', slug text', body: insert('id, slug', `new.id, public."Asks"(new.email)`), before: ASKS },
      'Asks() may do more than compute a value; --set takes it all the same',
    ],
    [
      'a function that is not there',
      { columns: ', slug text', body: insert('id, slug', 'new.id, slugify(new.email)') },
      'function slugify(character varying) does not exist (42883)',
    ],
    [
      'another type',
      { columns: ', n int', body: insert('id, n', 'new.id, new.email') },
      'column "n" is of type integer but expression is of type character varying (42804)',
    ],
  ])('no expression is taken that is %s', async (_, app, why) => {
    const { out, mapped } = await proposed(app);
    expect(mapped).toEqual(GUESS);
    expect(out).not.toContain('sb_secret_');
    expect(out.replaceAll(/\s+/g, ' ')).toContain(`which was not taken over: ${why}`);
  });

  test('a function that only computes is taken over', async () => {
    const body = insert('id, full_name', `new.id, public."Asks"(new.email)`);
    const { mapped } = await proposed({ body, before: `${ASKS}; alter function public."Asks" stable` });
    expect(mapped).toMatchObject({ full_name: 'public."Asks"(u.email)' });
  });

  test('a privilege of a fixed value is taken, one by choice of the user is told', async () => {
    const fixed = await proposed({ columns: ', role text not null', body: insert('id, role', `new.id, 'user'`) });
    expect(fixed.mapped).toMatchObject({ role: `'user'` });
    expect(fixed.out).not.toContain('choose role');
    await db.query('drop schema public cascade; create schema public authorization postgres');
    const chosen = await proposed({
      columns: `, role text default 'user'`,
      body: insert('id, role', `new.id, new.raw_user_meta_data->>'role'`),
    });
    expect(chosen.out).toContain('public.handle_new_user lets whoever signs up choose role');
  });

  test.each<[string, App, string]>([
    [
      'two inserts',
      { body: insert('id', 'new.id') + insert('id', 'new.id') },
      'it inserts into the table in more than one place',
    ],
    [
      'a changed row',
      { body: `new.email := 'x'; ${insert('id', 'new.id')}` },
      'it changes the new row before it reads it',
    ],
    ['another id', { body: insert('id, email', 'gen_random_uuid(), new.email') }, 'it does not write new.id into id'],
    [
      'a query',
      { body: 'insert into public.profiles (id) select u.id from auth.users u where u.id = new.id;' },
      'it selects its values from other rows, or for some users only',
    ],
  ])('%s: it is shown, and nothing is taken', async (_, app, why) => {
    const { out, mapped } = await proposed(app);
    expect(mapped).toEqual(GUESS);
    expect(out).toContain(`  not taken over: ${why}\n`);
    expect(out).toContain('insert into public.profiles');
  });

  test.each([
    ['branches', { body: `if new.email like '%@a.b' then ${insert('id', 'new.id')} end if;` }],
    [
      'has a condition',
      { body: insert('id', 'new.id'), when: 'after insert on auth.users for each row when (new.email is not null)' },
    ],
  ])('that %s it is told that it may leave somebody out', async (_, app) => {
    const { out } = await proposed(app);
    expect(out).toContain('may write for some users only');
  });

  test('its function is found also where the trigger is gone', async () => {
    const { out, mapped } = await proposed({ body: insert('id, full_name', 'new.id, new.phone'), when: null });
    expect(out).toContain('public.handle_new_user, which no trigger runs\n');
    expect(mapped).toMatchObject({ full_name: 'u.phone' });
  });

  test('the key is where it writes the id', async () => {
    await db.queryAsPostgres(`create table public.users (id uuid primary key default gen_random_uuid(), supabase_id uuid unique, email text);
      create function public.f() returns trigger language plpgsql as
        'begin insert into public.users (supabase_id, email) values (new.id, lower(new.email)); return new; end';
      create trigger t after insert on auth.users for each row execute function public.f()`);
    const directory = await projectWith();
    await runInit(db.url, directory);
    expect(parseConfig((await filesIn(directory))['userdrift.config.json'] ?? '', 'test')).toMatchObject({
      key: 'supabase_id',
      columns: { email: 'lower(u.email)' },
    });
  });

  test('no key and no control character of its source is shown, and not more than a screen of it', async () => {
    const { out } = await proposed({
      body: `perform 'Bearer abc'; perform 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x'; perform '\u001b[31m';
        ${insert('id', 'new.id')} ${'perform 1;\n'.repeat(60)}`,
    });
    expect(out).not.toMatch(/Bearer|eyJ|\u001b/);
    expect(out).toContain('-- a line that may hold a key is not shown');
    expect(out).toMatch(/-- and \d+ more lines\n/);
  });
});

/** Who signed up when the trigger was not there. */
async function insertUserPastTriggers(user: object): Promise<void> {
  await db.query('alter table auth.users disable trigger user');
  await insertUser(db, user);
  await db.query('alter table auth.users enable trigger user');
}
