import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../support/job.ts';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectDiscreet, expectTwinBriefly } from './expect-twin.ts';
import { idsOf, type Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

const FULL_NAME = `coalesce(nullif(u.raw_user_meta_data->>'full_name', ''), nullif(u.raw_user_meta_data->>'name', ''),
  nullif(u.raw_user_meta_data->>'display_name', ''), split_part(u.email, '@', 1))`;
const AVATAR = `coalesce(nullif(u.raw_user_meta_data->>'avatar_url', ''), nullif(u.raw_user_meta_data->>'picture', ''))`;

const shapes: Shape[] = [
  {
    name: 'the starter profiles',
    ddl: `create table public.profiles (
  id uuid not null references auth.users on delete cascade primary key, updated_at timestamp with time zone,
  username text unique, full_name text, avatar_url text, website text,
  constraint username_length check (char_length(username) >= 3)
)`,
    config: { target: 'public.profiles' },
    insert: `insert into public.profiles (id, full_name, avatar_url) select u.id, ${FULL_NAME}, ${AVATAR}
from auth.users u where u.id = $1 on conflict (id) do nothing`,
  },
  {
    name: 'a User of Prisma, whose names are written otherwise',
    ddl: `create table public."User" (
  "id" uuid primary key, "email" varchar(255), "fullName" text, "avatarUrl" text, "phone" varchar,
  "createdAt" timestamp(3) default '2020-01-01', "isActive" boolean not null default true
)`,
    config: { target: 'public."User"' },
    insert: `insert into public."User" ("id", "email", "fullName", "avatarUrl", "phone", "createdAt")
select u.id, u.email, ${FULL_NAME}, ${AVATAR}, u.phone, u.created_at
from auth.users u where u.id = $1 on conflict (id) do nothing`,
  },
  {
    name: 'a mail that must not be NULL',
    ddl: 'create table public.users (user_id uuid primary key, email text not null)',
    before: rowsOfTheApp('public.users', `u.id, 'of the app'`),
    config: { target: 'public.users', key: 'user_id' },
    insert: `insert into public.users select u.id, u.email from auth.users u where u.id = $1 on conflict (user_id) do nothing`,
    fails: { '23502 email': 2 },
  },
  {
    name: 'a mail in lower case that the table computes',
    ddl: `create extension if not exists citext schema extensions;
create table public.users (
  no bigint generated always as identity, id uuid primary key, email extensions.citext unique,
  email_lower text generated always as (lower(email::text)) stored unique, phone text generated always as ('x') stored
)`,
    config: { target: 'public.users' },
    insert:
      'insert into public.users (id, email) select u.id, u.email from auth.users u where u.id = $1 on conflict (id) do nothing',
    fails: { '23505 users_email_key': 2 },
    own: ['no'],
  },
  {
    name: 'privileges, which are left to their defaults',
    ddl: `create table public.users (id uuid primary key, email text, role text not null default 'member',
  is_admin boolean not null default false, permissions text[] default '{}', plan text, credits int default 3, aud text,
  is_sso_user boolean, encrypted_password text, raw_app_meta_data jsonb, confirmed_at timestamptz, banned_until timestamptz)`,
    config: { target: 'public.users' },
    insert:
      'insert into public.users (id, email) select u.id, u.email from auth.users u where u.id = $1 on conflict (id) do nothing',
  },
  {
    name: 'columns of the right name and another type',
    ddl: `create type public.name as (first text, last text);
create table public.users (id uuid primary key, email jsonb, phone bigint, name public.name, avatar_url uuid, created_at date)`,
    config: { target: 'public.users' },
    insert: 'insert into public.users (id) select u.id from auth.users u where u.id = $1 on conflict (id) do nothing',
  },
];

describe('without columns in the configuration, for', () => {
  test.each(shapes)('$name', (shape) => expectTwinBriefly(twins, shape));
});

const unmapped = [
  {
    name: 'inferred',
    ddl: `create table public.users (id uuid primary key, email text, slug text not null, "Tenant No" numeric(4, 2) not null)`,
    config: { target: 'public.users' },
    fix: /"slug": ?"<SQL over u, text>", ?"Tenant No": ?"<SQL over u, numeric\(4,2\)>"/,
  },
  {
    name: 'given',
    ddl: 'create table public.users (id uuid primary key, email varchar(99) not null, bio text)',
    config: { target: 'public.users', columns: { bio: "'none'" } },
    fix: /"email": ?"<SQL over u, character varying\(99\)>"/,
  },
  {
    name: 'given as none',
    ddl: `create domain public.address as text not null; create table public.users (id uuid primary key, email public.address)`,
    config: { target: 'public.users', columns: {} },
    fix: /"email": ?"<SQL over u, public.address>"/,
  },
];

test.each(unmapped)('a column that needs a value, beside columns that are $name', async ({ ddl, config, fix }) => {
  const { job } = twins;
  await job.query('drop schema public cascade; create schema public authorization postgres');
  await job.queryAsPostgres(ddl);
  const check = await run('check', { url: job.url, config: { ...config, grace: '0s' } });
  expectDiscreet(check);
  const { length } = await idsOf(job, 'u.deleted_at is null and not u.is_anonymous');
  expect(check).toMatchObject({ verdict: 'drift', exitCode: 2, drift: { missing: length } });
  expect(check.warnings).toMatchObject([{ code: 'column_unmapped', fix: expect.stringMatching(fix) }]);
  for (const command of ['sync', 'backfill'] as const) {
    const report = await run(command, { url: job.url, config });
    expectDiscreet(report);
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'column_unmapped' } });
    expect(report.reason?.fix).toMatch(fix);
  }
  expect(await job.query('select from public.users')).toEqual([]);
});
