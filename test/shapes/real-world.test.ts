import { afterAll, beforeAll, test } from 'vitest';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectTwin } from './expect-twin.ts';
import type { Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

const shapes: Shape[] = [
  {
    name: 'starter profiles',
    ddl: `
create table public.profiles (
  id uuid not null references auth.users primary key,
  updated_at timestamp with time zone,
  username text unique,
  full_name text,
  avatar_url text,
  website text,
  constraint username_length check (char_length(username) >= 3)
);
alter table public.profiles enable row level security;
create policy "Public profiles are viewable by everyone." on profiles for select using (true);
create policy "Users can insert their own profile." on profiles for insert with check ((select auth.uid()) = id);`,
    before: rowsOfTheApp(
      'public.profiles (id, username, website)',
      `u.id, left(u.id::text, 13), 'https://app.example'`,
    ),
    config: {
      target: 'public.profiles',
      columns: {
        username: `coalesce(u.raw_user_meta_data->>'user_name', split_part(u.email, '@', 1))`,
        full_name: `u.raw_user_meta_data->>'full_name'`,
        avatar_url: `u.raw_user_meta_data->>'avatar_url'`,
      },
    },
    insert: `
insert into public.profiles (id, username, full_name, avatar_url)
select u.id, coalesce(u.raw_user_meta_data->>'user_name', split_part(u.email, '@', 1)), u.raw_user_meta_data->>'full_name',
  u.raw_user_meta_data->>'avatar_url'
from auth.users u where u.id = $1 on conflict (id) do nothing`,
    fails: { '23505 profiles_username_key': 2, '23514 username_length': 1 },
  },
  {
    name: 'staff, whose columns must not be NULL',
    ddl: `
create table public.staff (
  id uuid primary key references auth.users (id) on delete cascade,
  email text not null,
  full_name text not null,
  role text not null check (role in ('member', 'admin')),
  hired_at timestamptz not null default now(),
  created_at timestamptz
)`,
    before: rowsOfTheApp('public.staff (id, email, full_name, role)', `u.id, 'of the app', 'of the app', 'admin'`),
    config: {
      target: 'public.staff',
      columns: {
        email: 'u.email',
        full_name: `coalesce(nullif(u.raw_user_meta_data->>'full_name', ''), split_part(u.email, '@', 1), 'unnamed')`,
        role: `coalesce(u.raw_app_meta_data->>'role', 'member')`,
        created_at: 'u.created_at',
      },
    },
    insert: `
insert into public.staff (id, email, full_name, role, created_at)
select u.id, u.email, coalesce(nullif(u.raw_user_meta_data->>'full_name', ''), split_part(u.email, '@', 1), 'unnamed'),
  coalesce(u.raw_app_meta_data->>'role', 'member'), u.created_at
from auth.users u where u.id = $1 on conflict (id) do nothing`,
    own: ['hired_at'],
    fails: { '23502 email': 2, '23514 staff_role_check': 1 },
  },
  {
    name: 'members of tenants',
    ddl: `
create type public.member_role as enum ('member', 'admin');
create table public.members (
  member_no bigint generated always as identity primary key,
  user_id uuid not null unique references auth.users (id) on delete cascade,
  tenant text not null,
  email text,
  role public.member_role not null default 'member',
  unique (tenant, email)
)`,
    before: rowsOfTheApp('public.members (user_id, tenant, email)', `u.id, 'acme', u.email`),
    config: {
      target: 'public.members',
      key: 'user_id',
      columns: {
        tenant: `coalesce(u.raw_app_meta_data->>'tenant', 'default')`,
        email: 'lower(u.email)',
        role: `coalesce(u.raw_app_meta_data->>'role', 'member')::public.member_role`,
      },
    },
    insert: `
insert into public.members (user_id, tenant, email, role)
select u.id, coalesce(u.raw_app_meta_data->>'tenant', 'default'), lower(u.email),
  coalesce(u.raw_app_meta_data->>'role', 'member')::public.member_role
from auth.users u where u.id = $1 on conflict (user_id) do nothing`,
    own: ['member_no'],
    fails: { '23505 members_tenant_email_key': 2, '22P02': 1 },
  },
  {
    name: 'a User of Prisma',
    ddl: `
create table public."User" (
  "id" uuid not null,
  "email" text,
  "fullName" text,
  "createdAt" timestamp(3) not null default current_timestamp,
  "updatedAt" timestamp(3) not null,
  constraint "User_pkey" primary key ("id")
);
create unique index "User_email_key" on public."User" ("email")`,
    before: rowsOfTheApp('public."User" (id, "updatedAt", "createdAt")', `u.id, '2026-01-01', '2026-01-01'`),
    config: {
      target: 'public."User"',
      columns: {
        email: 'u.email',
        fullName: `coalesce(u.raw_user_meta_data->>'full_name', u.raw_user_meta_data->>'name')`,
        createdAt: `coalesce(u.created_at, '2020-01-01') at time zone 'UTC'`,
        updatedAt: `coalesce(u.updated_at, u.created_at, '2020-01-01') at time zone 'UTC'`,
      },
    },
    insert: `
insert into public."User" ("id", "email", "fullName", "createdAt", "updatedAt")
select u.id, u.email, coalesce(u.raw_user_meta_data->>'full_name', u.raw_user_meta_data->>'name'),
  coalesce(u.created_at, '2020-01-01') at time zone 'UTC',
  coalesce(u.updated_at, u.created_at, '2020-01-01') at time zone 'UTC'
from auth.users u where u.id = $1 on conflict ("id") do nothing`,
    fails: { '23505 User_email_key': 1 },
  },
  {
    name: 'profiles, and settings that a trigger makes',
    ddl: `
create table public.profiles (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  full_name text check (length(full_name) < 200)
);
create table public.user_settings (
  user_id uuid primary key references public.profiles (id) on delete cascade,
  locale text not null default 'en',
  greeting text
);
create function public.make_settings() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  insert into public.user_settings (user_id, greeting) values (new.id, 'Hello ' || coalesce(new.full_name, 'you'));
  return new;
end $$;
create trigger on_profile_created after insert on public.profiles
  for each row execute function public.make_settings()`,
    before: rowsOfTheApp('public.profiles (id, full_name)', `u.id, 'of the app'`),
    config: {
      target: 'public.profiles',
      columns: { email: 'u.email', full_name: `u.raw_user_meta_data->>'full_name'` },
    },
    insert: `
insert into public.profiles (id, email, full_name) select u.id, u.email, u.raw_user_meta_data->>'full_name'
from auth.users u where u.id = $1 on conflict (id) do nothing`,
    also: ['public.user_settings'],
    fails: { '23514 profiles_full_name_check': 1 },
    warnings: ['trigger'],
  },
];

test.each(shapes)('$name', (shape) => expectTwin(twins, shape));
