import { afterAll, beforeAll, describe, test } from 'vitest';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectRefused, expectTwinBriefly, type Refused } from './expect-twin.ts';
import type { Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

/** The oracle's statement for a table that holds the key and the mail. */
const withMail = (into: string, key: string) => `
insert into ${into} select u.id, u.email from auth.users u where u.id = $1 on conflict (${key}) do nothing`;

const EMAIL = { email: 'u.email' };

const names: Shape[] = [
  {
    name: 'reserved words',
    ddl: `drop schema if exists "Order" cascade; create schema "Order";
create table "Order"."user" ("select" uuid primary key, "from" text, "u" text, "p" text, "constructor" text, "toString" text)`,
    config: {
      target: '"Order"."user"',
      key: 'select',
      columns: { from: 'u.email', u: 'u.phone', p: "'p'", constructor: "'c'", toString: "'t'" },
    },
    insert: `insert into "Order"."user" select u.id, u.email, u.phone, 'p', 'c', 't' from auth.users u where u.id = $1
on conflict ("select") do nothing`,
  },
  {
    name: 'quotes, spaces, dots and dollars in the names',
    ddl: `drop schema if exists "my ""own"".app" cascade; create schema "my ""own"".app";
create table "my ""own"".app"." all.users $1 " ("the ""id"".x" uuid primary key, "it's %s\\n" text, "a, b) --" text)`,
    config: {
      target: '"my ""own"".app"." all.users $1 "',
      key: 'the "id".x',
      columns: { "it's %s\\n": 'u.email', 'a, b) --': 'u.phone' },
    },
    insert: `insert into "my ""own"".app"." all.users $1 " select u.id, u.email, u.phone from auth.users u where u.id = $1
on conflict ("the ""id"".x") do nothing`,
  },
  {
    name: 'names that differ by case alone',
    ddl: `create table public.users (id text); create table public."Users" ("ID" uuid primary key, id text, "Id" text)`,
    config: { target: 'public."Users"', key: 'ID', columns: { id: 'u.email', Id: 'u.phone' } },
    insert: `insert into public."Users" ("ID", id, "Id") select u.id, u.email, u.phone from auth.users u where u.id = $1
on conflict ("ID") do nothing`,
  },
  {
    name: 'names in other alphabets, as long as can be',
    ddl: `create table public."üsér_用户" (id uuid primary key, "${'ж'.repeat(31)}" text)`,
    config: { target: 'public.üsér_用户', columns: { ['ж'.repeat(31)]: 'u.email' } },
    insert: withMail('public."üsér_用户"', 'id'),
  },
  {
    name: 'a schema that no search_path has',
    ddl: 'drop schema if exists app cascade; create schema app; create table app.users (user_id uuid primary key, email text)',
    config: { target: 'app.users', key: 'user_id', columns: EMAIL },
    insert: withMail('app.users', 'user_id'),
  },
  {
    name: 'a target that is called users, in lower case, without its schema',
    ddl: 'create table public.users (id uuid primary key, email text)',
    config: { target: 'Users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
  },
];

describe('names', () => {
  test.each(names)('$name', (shape) => expectTwinBriefly(twins, shape));
});

/** The ids of the users with a row, and those of an app that had other providers before. */
const withStrangers = (select: string) =>
  `${rowsOfTheApp('public.users (id)', select)};
insert into public.users (id) values ('auth0|123'), ('google-oauth2|0000'), (''), ('00000000-0000-4000-8000-00000000dead')`;

const columns: Shape[] = [
  {
    name: 'text, with the ids of other providers',
    ddl: 'create table public.users (id text primary key, email text)',
    before: withStrangers('u.id::text'),
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
    orphans: 1,
  },
  {
    name: 'varchar(36)',
    ddl: 'create table public.users (id varchar(36) primary key, email text)',
    before: withStrangers('u.id::text'),
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
    orphans: 1,
  },
  {
    name: 'char(36)',
    ddl: 'create table public.users (id char(36) primary key, email text)',
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
  },
  {
    name: 'citext',
    ddl: `create extension if not exists citext schema extensions;
create table public.users (id extensions.citext primary key, email text)`,
    before: withStrangers('u.id::text'),
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
    orphans: 1,
  },
  {
    name: 'a domain over uuid',
    ddl: `create domain public.user_id as uuid not null constraint "not nil" check (value <> '00000000-0000-0000-0000-000000000000');
create table public.users (id public.user_id primary key, email text)`,
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
    fails: { '23514 not nil': 1 },
  },
  {
    name: 'a domain over text',
    ddl: `create domain public.user_id as text check (length(value) = 36);
create table public.users (id public.user_id primary key, email text)`,
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users', 'id'),
  },
  {
    name: 'beside a primary key of its own',
    ddl: `create table public.users (id uuid primary key default gen_random_uuid(), email text,
  auth_id uuid not null unique references auth.users (id))`,
    config: { target: 'public.users', key: 'auth_id', columns: EMAIL },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
    own: ['id'],
  },
  {
    name: 'beside a generated identity',
    ddl: 'create table public.users (id bigint generated always as identity primary key, auth_id uuid unique, email text)',
    config: { target: 'public.users', key: 'auth_id', columns: EMAIL },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
    numbered: ['id'],
  },
  {
    name: 'nullable, with rows of nobody',
    ddl: 'create table public.users (name text, auth_id uuid unique, email text)',
    before: `${rowsOfTheApp('public.users (auth_id)')}; insert into public.users values ('invited'), ('invited too')`,
    config: { target: 'public.users', key: 'auth_id', columns: EMAIL },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
  },
  {
    name: 'unique nulls not distinct',
    ddl: 'create table public.users (name text, auth_id uuid unique nulls not distinct, email text)',
    before: `${rowsOfTheApp('public.users (auth_id)')}; insert into public.users values ('invited')`,
    config: { target: 'public.users', key: 'auth_id', columns: EMAIL },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
  },
  {
    name: 'a unique index that includes another column, beside others that do not fit',
    ddl: `create table public.users (id uuid, gone text, email text, tenant text default 'a', unique (id, tenant));
alter table public.users drop column gone;
create unique index on public.users (id) include (email);
create unique index on public.users (id) where email is not null;
create index on public.users (id)`,
    config: { target: 'public.users', columns: EMAIL },
    insert: withMail('public.users (id, email)', 'id'),
  },
  {
    name: 'the only column',
    ddl: 'create table public.users (id uuid primary key references auth.users (id) on delete cascade)',
    config: { target: 'public.users', columns: {} },
    insert: 'insert into public.users select u.id from auth.users u where u.id = $1 on conflict (id) do nothing',
  },
];

describe('a key that is', () => {
  test.each(columns)('$name', (shape) => expectTwinBriefly(twins, shape));
});

const MAIL_CONFIG = { target: 'public.users', columns: EMAIL };
const INDEX = /^create unique index concurrently on public\.users \("(id|auth_id)"\)$/;

const refused: Refused[] = [
  {
    name: 'not unique, with a NULL in it',
    ddl: 'create table public.users (email text, auth_id uuid); create index on public.users (auth_id)',
    before: `${rowsOfTheApp('public.users (auth_id)')}; insert into public.users values ('nobody'), ('nobody')`,
    config: { ...MAIL_CONFIG, key: 'auth_id' },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
    refused: 'key_not_unique',
    fix: INDEX,
    curable: true,
  },
  {
    name: 'unique with a tenant only',
    ddl: `create table public.users (id uuid, tenant text not null default 'a', email text, primary key (id, tenant))`,
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_not_unique',
    fix: INDEX,
    curable: true,
  },
  {
    name: 'unique for a part of the rows',
    ddl: `create table public.users (id uuid not null, email text, deleted_at timestamptz);
create unique index on public.users (id) where deleted_at is null`,
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_not_unique',
    fix: INDEX,
    curable: true,
  },
  {
    name: 'unique in lower case only',
    ddl: 'create table public.users (id text, email text); create unique index on public.users (lower(id))',
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_not_unique',
    fix: INDEX,
    curable: true,
  },
  {
    name: 'kept apart by an exclusion constraint',
    ddl: 'create table public.users (id uuid, email text, exclude using hash (id with =))',
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_not_unique',
    fix: INDEX,
    curable: true,
  },
  {
    name: 'a deferrable primary key',
    ddl: 'create table public.users (id uuid primary key deferrable, email text)',
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_deferrable',
    fix: /users_pkey/,
    curable: true,
  },
  {
    name: 'a primary key beside a deferrable constraint on the same column',
    ddl: 'create table public.users (id uuid primary key, email text, constraint again unique (id) deferrable)',
    config: MAIL_CONFIG,
    insert: withMail('public.users (id, email)', 'id'),
    refused: 'key_deferrable',
    fix: /again/,
    curable: true,
  },
  {
    name: 'unique by a constraint that is deferred',
    ddl: 'create table public.users (email text, auth_id uuid unique deferrable initially deferred)',
    config: { ...MAIL_CONFIG, key: 'auth_id' },
    insert: withMail('public.users (auth_id, email)', 'auth_id'),
    refused: 'key_deferrable',
    fix: /users_auth_id_key/,
    curable: true,
  },
];

describe('a key that sync refuses', () => {
  test.each(refused)('$name', (shape) => expectRefused(twins, shape));
});
