import { afterAll, beforeAll, describe, test } from 'vitest';
import { DEFAULT_TRANSPORT } from '../support/transport.ts';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectTwinBriefly } from './expect-twin.ts';
import type { Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

const TABLE = 'create table public.users (id uuid primary key, email text, slug text)';

/** A trigger function with this body, and when it runs. */
const trigger = (body: string, when = 'before insert on public.users for each row', kind = 'trigger') => `
create function public.act() returns trigger language plpgsql as $f$ begin ${body} end $f$;
create ${kind} act ${when} execute function public.act()`;

const shape = (name: string, act: string, more: Partial<Shape> & { table?: string } = {}): Shape => {
  const { table = TABLE, ...others } = more;
  return {
    name,
    ddl: `${table}; ${act}`,
    config: { target: 'public.users', columns: { email: 'u.email' } },
    insert:
      'insert into public.users (id, email) select u.id, u.email from auth.users u where u.id = $1 on conflict (id) do nothing',
    warnings: ['trigger'],
    ...others,
  };
};

/** What the job asks for over HTTP, where there is no search_path of the role. */
const OVER_HTTP = DEFAULT_TRANSPORT === 'http' ? '; alter function public.act() set search_path = public' : '';

const isCase = `new.email ilike 'case.%'`;

const before: Shape[] = [
  shape(
    'fills a NOT NULL column that nobody maps',
    trigger(`new.slug := coalesce(new.email, new.id::text); return new;`),
    {
      table: 'create table public.users (id uuid primary key, email text, slug text not null)',
      warnings: ['trigger', 'column_unmapped'],
    },
  ),
  shape(
    'fills it for some only',
    trigger(`if not ${isCase} or new.email is null then new.slug := 'x'; end if; return new;`),
    {
      table: 'create table public.users (id uuid primary key, email text, slug text not null)',
      before: rowsOfTheApp('public.users', `u.id, null, 'of the app'`),
      warnings: ['trigger', 'column_unmapped'],
      fails: { '23502 slug': 2 },
    },
  ),
  shape('leaves some out', trigger(`if ${isCase} then return null; end if; return new;`), { swallowed: 2 }),
  shape(
    'raises with the mail',
    trigger(`if ${isCase} then raise exception 'no room for % of %', new.email, new using detail = new::text,
      hint = new.email, table = new.email, schema = new.email; end if; return new;`),
    { fails: { P0001: 2 } },
  ),
  shape(
    'raises the code of another constraint for some',
    trigger(`if ${isCase} then raise unique_violation; end if; return new;`),
    { fails: { '23505': 2 } },
  ),
  shape('fails an assertion for some', trigger(`assert not coalesce(${isCase}, false), new.email; return new;`), {
    fails: { P0004: 2 },
  }),
  shape('divides by zero for some', trigger(`perform 1 / (case when ${isCase} then 0 else 1 end); return new;`), {
    fails: { '22012': 2 },
  }),
  shape('misses a function', trigger(`if ${isCase} then perform public.not_there(); end if; return new;`), {
    fails: { '42883': 2 },
  }),
  shape(
    'changes a value so that some collide',
    trigger(`new.email := lower(coalesce(new.email, 'nobody ' || new.id)); return new;`),
    {
      table: 'create table public.users (id uuid primary key, email text unique, slug text)',
      fails: { '23505 users_email_key': 2 },
    },
  ),
  shape('is disabled', `${trigger('return null;')}; alter table public.users disable trigger act`, { warnings: [] }),
  shape('is for updates only', trigger('return null;', 'before update on public.users for each row'), { warnings: [] }),
  shape('has a condition', trigger('return null;', `before insert on public.users for each row when (${isCase})`), {
    swallowed: 2,
  }),
];

const log = 'create table public.log (id uuid, what text)';

const after: Shape[] = [
  shape(
    'raises for some',
    `${log}; ${trigger(
      `insert into public.log values (new.id, 'seen'); if ${isCase} then raise exception '%', new.email; end if; return null;`,
      'after insert on public.users for each row',
    )}`,
    { fails: { P0001: 2 }, also: ['public.log'] },
  ),
  shape(
    'writes a table that refuses some',
    `create table public.log (id uuid primary key, what text not null); ${trigger(
      'insert into public.log values (new.id, new.email); return null;',
      'after insert on public.users for each row',
    )}`,
    {
      fails: { '23502 what': 2 },
      also: ['public.log'],
      before: rowsOfTheApp('public.users (id, email)', `u.id, 'of the app'`),
    },
  ),
  shape(
    'raises at the commit for some',
    trigger(
      `if ${isCase} then raise exception '%', new.email using errcode = 'check_violation'; end if; return null;`,
      'after insert on public.users deferrable initially deferred for each row',
      'constraint trigger',
    ),
    { fails: { '23514': 2 } },
  ),
  shape(
    'runs once for a statement',
    `${log}; ${trigger(
      `insert into public.log select id, 'of ' || tg_op from fresh; return null;`,
      'after insert on public.users referencing new table as fresh for each statement',
    )}`,
    { also: ['public.log'] },
  ),
  shape(
    'refuses a statement with some in it',
    trigger(
      `if exists (select from fresh where email ilike 'case.%') then raise exception 'none of these'; end if; return null;`,
      'after insert on public.users referencing new table as fresh for each statement',
    ),
    { fails: { P0001: 2 } },
  ),
  shape(
    'finds its tables on the search_path of the role',
    `${log}; ${trigger(
      `insert into log values (new.id, lower(new.email)); return null;`,
      'after insert on public.users for each row',
    )}${OVER_HTTP}`,
    { also: ['public.log'] },
  ),
  shape(
    'writes the row again',
    trigger(
      `update public.users set slug = 'slug of ' || new.id where id = new.id; return null;`,
      'after insert on public.users for each row',
    ),
  ),
];

describe('a trigger before the insert that', () => {
  test.each(before)('$name', (each) => expectTwinBriefly(twins, each));
});

describe('a trigger after the insert that', () => {
  test.each(after)('$name', (each) => expectTwinBriefly(twins, each));
});
