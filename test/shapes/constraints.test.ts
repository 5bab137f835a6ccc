import { afterAll, beforeAll, describe, test } from 'vitest';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectTwinBriefly } from './expect-twin.ts';
import type { Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

/** A table with the key and the mail, of the type and with the constraints given; the oracle is typed out for it. */
function mail(name: string, email: string, more: Partial<Shape> & { ddl?: string; after?: string } = {}): Shape {
  const { ddl = '', after = '', ...others } = more;
  return {
    name,
    ddl: `${ddl}; create table public.users (id uuid primary key, email ${email}); ${after}`,
    config: { target: 'public.users', columns: { email: 'u.email' } },
    insert:
      'insert into public.users (id, email) select u.id, u.email from auth.users u where u.id = $1 on conflict (id) do nothing',
    ...others,
  };
}

const APP_ROWS = rowsOfTheApp('public.users (id, email)', `u.id, left(u.id::text, 8) || '@app.example'`);

const values: Shape[] = [
  mail('a mail that must not be NULL', 'text not null', { before: APP_ROWS, fails: { '23502 email': 2 } }),
  mail('a domain that takes no NULL', 'public.address', {
    ddl: 'create domain public.address as text not null',
    before: APP_ROWS,
    fails: { '23502': 2 },
  }),
  mail('a domain over a domain, with two checks', 'public.address', {
    ddl: `create domain public.short as text constraint short check (length(value) < 36);
create domain public.address as public.short constraint "no CASE" check (value not like 'CASE%')`,
    fails: { '23514 no CASE': 1 },
  }),
  mail('a check with a name that needs quotes', `text constraint "Mail: no ""case""!" check (email !~* '^case')`, {
    fails: { '23514 Mail: no "case"!': 2 },
  }),
  mail('two checks, of which the first by name is told', 'text', {
    after: `alter table public.users add constraint b check (email !~ '^CASE'), add constraint a check (email !~ '^CASE')`,
    fails: { '23514 a': 1 },
  }),
  mail('a check that was never validated', 'text', {
    before: `${APP_ROWS}; alter table public.users add constraint late check (email !~* '^(case|.*app.example)') not valid`,
    fails: { '23514 late': 2 },
  }),
  mail('a check over the whole row', 'text, check (users is not null)', {
    before: APP_ROWS,
    fails: { '23514 users_check': 2 },
  }),
  mail('a check that calls a function, which raises for some', 'text check (public.fine(email))', {
    ddl: `create function public.fine(mail text) returns boolean language plpgsql as $f$ begin
  if mail ilike 'case.%' then raise exception 'not %', mail; end if; return true; end $f$`,
    fails: { P0001: 2 },
  }),
  mail('an index over what is no number for some', 'text', {
    after: `create index on public.users ((regexp_replace(email, '^(?!CASE).*', '7')::int))`,
    fails: { '22P02': 1 },
  }),
  mail('a varchar that is too short for some', 'varchar(34)', { fails: { '22001': 2 } }),
  mail('a unique mail', 'text unique', { fails: { '23505 users_email_key': 1 } }),
  mail('a unique mail that knows one NULL only', 'text unique nulls not distinct', {
    before: APP_ROWS,
    fails: { '23505 users_email_key': 2 },
  }),
  mail('a mail that is unique in lower case', 'text', {
    after: 'create unique index on public.users (lower(email))',
    fails: { '23505 users_lower_idx': 2 },
  }),
  mail('a mail that is unique in any case, as citext', 'extensions.citext unique', {
    ddl: 'create extension if not exists citext schema extensions',
    fails: { '23505 users_email_key': 2 },
  }),
  mail('a mail that is unique among those who are not deleted', 'text, deleted_at timestamptz', {
    after: 'create unique index live on public.users (email) where deleted_at is null',
    fails: { '23505 live': 1 },
  }),
  mail('a mail that is unique by a constraint that is deferred', 'text unique deferrable initially deferred', {
    fails: { '23505 users_email_key': 1 },
  }),
  mail('an exclusion constraint', 'text, constraint one_each exclude using gist (email with =)', {
    ddl: 'create extension if not exists btree_gist schema extensions',
    fails: { '23P01 one_each': 1 },
  }),
  mail('a generated column that is unique', 'text, email_lower text generated always as (lower(email)) stored unique', {
    fails: { '23505 users_email_lower_key': 2 },
  }),
  mail(
    'a generated column that cannot be computed',
    `text, n int generated always as (length(email) / (length(email) - 35)) stored`,
    {
      fails: { '22012': 2 },
    },
  ),
];

const roles = `create type public.role as enum ('member', 'admin')`;
const roleOf = `coalesce(u.raw_app_meta_data->>'role', 'member')`;

/** About 32 kB that do not compress, for two users. */
const LONG = `case when u.email ilike 'case.%'
  then (select string_agg(md5(n::text || u.id), '') from generate_series(1, 1000) n) else u.email || u.id end`;

/** A table with the key and one more column, whose expression both have. */
function column(name: string, type: string, expression: string, more: Partial<Shape> = {}): Shape {
  return {
    name,
    ddl: `create table public.users (id uuid primary key, "value" ${type})`,
    config: { target: 'public.users', columns: { value: expression } },
    insert: `insert into public.users (id, "value") select u.id, ${expression} from auth.users u where u.id = $1
on conflict (id) do nothing`,
    ...more,
  };
}

const types: Shape[] = [
  column('an enum', 'public.role', `(${roleOf})::public.role`, {
    ddl: `${roles}; create table public.users (id uuid primary key, "value" public.role not null default 'member')`,
    fails: { '22P02': 1 },
  }),
  column('a boolean out of metadata', 'boolean', `(u.raw_user_meta_data->>'is_active')::boolean`, {
    fails: { '22P02': 1 },
  }),
  column('a timestamp without its zone, in milliseconds', 'timestamp(3)', `u.created_at at time zone 'UTC'`),
  column('a timestamp that must be finite', 'timestamptz check (isfinite("value"))', 'u.created_at'),
  column('a date', 'date not null', 'u.created_at::date', {
    before: rowsOfTheApp('public.users', `u.id, '2026-01-01'`),
    fails: { '23502 value': 1 },
  }),
  column('an array', 'text[]', `array(select jsonb_array_elements_text(u.raw_app_meta_data->'providers'))`),
  column('all of the metadata', 'jsonb not null', `coalesce(u.raw_user_meta_data, '{}') - 'user_name'`, {
    before: rowsOfTheApp('public.users', `u.id, '{}'`),
  }),
  column('a division', 'numeric(4, 2)', `100.0 / (length(u.email) - 35)`, { fails: { '22012': 2 } }),
  column('a subquery', 'bigint', '(select count(*) from auth.users o where o.email = u.email)'),
  column('a comment at the end', 'text', 'u.email -- the mail, of course; ) as x', {
    insert: `insert into public.users (id, "value") select u.id, u.email from auth.users u where u.id = $1
on conflict (id) do nothing`,
  }),
  column('a comment inside', 'text', `/* ( */ coalesce(u.email, /* or -- */ u.phone) /* ' ) */`),
  column('a $ quoted text, a \\ and a ?', 'text', `$a$ it's $1 ? $a$ || e'\\\\' || '\\' || u.id`),
  column('a value too long for its index', 'text unique', LONG, { fails: { '54000': 2 } }),
  column('the row as it was', 'text', 'u.id || coalesce(u.phone, u.email)'),
];

describe('values', () => {
  test.each(values)('$name', (shape) => expectTwinBriefly(twins, shape));
});

describe('an expression for', () => {
  test.each(types)('$name', (shape) => expectTwinBriefly(twins, shape));
});

const TENANT = `coalesce(u.raw_app_meta_data->>'tenant', 'acme')`;

/** Members of tenants, of which there is one only: acme. */
const tenants = (reference: string, more = '') => `
create table public.tenants (name text primary key); insert into public.tenants values ('acme');
create table public.users (id uuid primary key, tenant text ${reference}${more})`;

const members = (name: string, ddl: string, more: Partial<Shape> = {}): Shape => ({
  name,
  ddl,
  config: { target: 'public.users', columns: { tenant: TENANT } },
  insert: `insert into public.users (id, tenant) select u.id, ${TENANT} from auth.users u where u.id = $1
on conflict (id) do nothing`,
  ...more,
});

const references: Shape[] = [
  members('another table', tenants('references public.tenants (name)'), { fails: { '23503 users_tenant_fkey': 1 } }),
  members('another table, at the commit', tenants('references public.tenants (name) deferrable initially deferred'), {
    fails: { '23503 users_tenant_fkey': 1 },
  }),
  members(
    'another table, if it must be checked at all',
    `${tenants('')}; alter table public.users add constraint late foreign key (tenant) references public.tenants not valid`,
    { fails: { '23503 late': 1 } },
  ),
  members(
    'auth.users, from another column',
    tenants('', ', invited_by uuid default null references auth.users (id) on delete set null'),
    { before: rowsOfTheApp('public.users (id, invited_by)', 'u.id, u.id') },
  ),
  members(
    'auth.users, not validated, with a row whose user is gone',
    `${tenants('')}; insert into public.users values ('00000000-0000-4000-8000-00000000dead');
alter table public.users add foreign key (id) references auth.users (id) not valid`,
    { orphans: 1 },
  ),
  members(
    'nothing, with rows whose users are gone',
    `${tenants('')}; insert into public.users values ('00000000-0000-4000-8000-00000000dead', 'a'), ('00000000-0000-4000-8000-00000000beef', null)`,
    { orphans: 2 },
  ),
  members(
    'auth.users, at the commit',
    `${tenants('')};
alter table public.users add foreign key (id) references auth.users (id) deferrable initially deferred`,
  ),
];

describe('a reference to', () => {
  test.each(references)('$name', (shape) => expectTwinBriefly(twins, shape));
});
