import { afterAll, beforeAll, describe, test } from 'vitest';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectRefused, expectTwinBriefly, type Refused } from './expect-twin.ts';
import type { Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
  for (const db of [twins.job, twins.oracle]) {
    await db.query(`create extension file_fdw schema extensions; create server files foreign data wrapper file_fdw;
create schema far; grant usage on schema far to postgres;
create foreign table far.users (id uuid, email text) server files options (filename '/dev/null');
grant select, insert on far.users to postgres`);
  }
});
afterAll(() => twins.drop());

/** What all of these have in common, so that each case is its DDL. */
const USERS = {
  config: { target: 'public.users', columns: { email: 'u.email' } },
  insert: `insert into public.users (id, email) select u.id, u.email from auth.users u where u.id = $1
on conflict (id) do nothing`,
};

const COLUMNS = 'id uuid primary key, email text';

const tables: Shape[] = [
  {
    ...USERS,
    name: 'partitioned by hash of the key',
    ddl: `create table public.users (${COLUMNS}) partition by hash (id);
create table public.users_0 partition of public.users for values with (modulus 2, remainder 0);
create table public.users_1 partition of public.users for values with (modulus 2, remainder 1)`,
  },
  {
    ...USERS,
    name: 'partitioned by range of the key, with a partition missing',
    ddl: `create table public.users (${COLUMNS}, unique (id, email)) partition by range (id);
create table public.users_0 partition of public.users for values from (minvalue) to ('80000000-0000-0000-0000-000000000000');
create table public.users_1 partition of public.users
  for values from ('80000000-0000-0000-0000-000000000000') to ('ffffffff-ffff-ffff-ffff-ffffffffffff')`,
    fails: { '23514': 1 },
  },
  {
    ...USERS,
    name: 'partitioned twice, with constraints on one partition only',
    ddl: `create table public.users (${COLUMNS}) partition by hash (id);
create table public.users_0 partition of public.users for values with (modulus 1, remainder 0) partition by hash (id);
create table public.users_0_0 partition of public.users_0 for values with (modulus 1, remainder 0);
alter table public.users_0_0 add constraint of_the_leaf unique (email)`,
    fails: { '23505 of_the_leaf': 1 },
  },
  {
    ...USERS,
    name: 'under forced row level security',
    ddl: `create table public.users (${COLUMNS}); alter table public.users enable row level security, force row level security;
create policy nobody on public.users using (false) with check (false)`,
  },
  {
    ...USERS,
    name: 'with a child that has rows of its own',
    ddl: `create table public.users (${COLUMNS}); create table public.guests (note text, unique (id)) inherits (public.users)`,
    before: rowsOfTheApp('public.guests (id, note)', `u.id, 'only in the child'`),
  },
  {
    ...USERS,
    name: 'a child of another table',
    ddl: `create table public.things (id uuid, email text not null default 'x', made timestamptz default '2026-01-01');
create table public.users (primary key (id)) inherits (public.things)`,
    fails: { '23502 email': 2 },
  },
  { ...USERS, name: 'unlogged', ddl: `create unlogged table public.users (${COLUMNS})` },
  {
    ...USERS,
    name: 'of a composite type',
    ddl: `create type public.person as (id uuid, email text);
create table public.users of public.person (primary key (id), email with options default 'x')`,
  },
  {
    ...USERS,
    name: 'that gives an id by default',
    ddl: 'create table public.users (id uuid primary key default gen_random_uuid(), email text)',
  },
  {
    ...USERS,
    name: 'whose rows are marked as deleted',
    ddl: `create table public.users (${COLUMNS}, deleted_at timestamptz)`,
    before: rowsOfTheApp('public.users', `u.id, null, '2026-01-01'`),
  },
  {
    ...USERS,
    name: 'with rules for what is not an insert',
    ddl: `create table public.users (${COLUMNS}); create rule kept as on delete to public.users do instead nothing`,
  },
  {
    name: 'of 60 columns, all of them mapped',
    ddl: `create table public.users (id uuid primary key, ${wide((n) => `c${n} text`)})`,
    config: {
      target: 'public.users',
      columns: Object.fromEntries(Array.from({ length: 59 }, (_, n) => [`c${n}`, `u.email || '${n}'`])),
    },
    insert: `insert into public.users select u.id, ${wide((n) => `u.email || '${n}'`)} from auth.users u where u.id = $1
on conflict (id) do nothing`,
  },
];

function wide(column: (n: number) => string): string {
  return Array.from({ length: 59 }, (_, n) => column(n)).join(', ');
}

describe('a table', () => {
  test.each(tables)('$name', (shape) => expectTwinBriefly(twins, shape));
});

const expecting = (name: string, skip: object, expected: string): Shape => ({
  ...USERS,
  name,
  ddl: `create table public.users (${COLUMNS})`,
  config: { ...USERS.config, skip },
  expected,
});

const rules: Shape[] = [
  expecting('the anonymous too', { anonymous: false }, 'u.deleted_at is null'),
  expecting('the deleted too', { deleted: false }, 'u.is_anonymous = false'),
  expecting('all', { deleted: false, anonymous: false }, 'true'),
  expecting('nobody of an SSO', { sso: true }, 'u.deleted_at is null and u.is_anonymous = false and not u.is_sso_user'),
  expecting(
    'who has a mail, or nobody knows',
    { where: `u.email is null -- they cannot log in\n or u.raw_app_meta_data->>'tenant' = 'acme'` },
    `u.deleted_at is null and not u.is_anonymous and u.email is not null and u.raw_app_meta_data->>'tenant' is distinct from 'acme'`,
  ),
];

describe('expecting', () => {
  test.each(rules)('$name', (shape) => expectTwinBriefly(twins, shape));
});

const TABLE = `create table public.people (${COLUMNS})`;
const APP_ROWS = rowsOfTheApp('public.people (id)');
const NOT_A_TABLE = { refused: 'target_not_a_table', fix: /table behind it/, also: ['public.people'] };

const refused: Refused[] = [
  {
    ...USERS,
    name: 'a view',
    ddl: `${TABLE}; create view public.users with (security_invoker) as select * from public.people`,
    ...NOT_A_TABLE,
  },
  {
    ...USERS,
    name: 'a view with a trigger instead of the insert',
    ddl: `${TABLE}; create view public.users as select id, email from public.people where email is distinct from 'x';
create function public.act() returns trigger language plpgsql as $f$ begin
  insert into public.people values (new.id, new.email); return new; end $f$;
create trigger act instead of insert on public.users for each row execute function public.act()`,
    ...NOT_A_TABLE,
    warnings: ['trigger'],
  },
  {
    ...USERS,
    name: 'a materialized view',
    ddl: `${TABLE}; ${APP_ROWS}; create materialized view public.users as select * from public.people;
create unique index on public.users (id)`,
    before: 'select',
    ...NOT_A_TABLE,
  },
  {
    ...USERS,
    name: 'a foreign table',
    ddl: TABLE,
    before: APP_ROWS,
    ...NOT_A_TABLE,
    config: { ...USERS.config, target: 'far.users' },
  },
  {
    ...USERS,
    name: 'an INSERT rule',
    ddl: `${TABLE}; create table public.users (${COLUMNS});
create rule elsewhere as on insert to public.users where new.email is null do instead insert into public.people values (new.id)`,
    refused: 'insert_rule',
    fix: /trigger/,
    also: ['public.people'],
  },
  {
    ...USERS,
    name: 'an UPDATE rule, beside which the server takes no on conflict',
    ddl: `create table public.users (${COLUMNS}); create rule kept as on update to public.users do instead nothing`,
    refused: 'insert_rule',
    fix: /trigger/,
  },
  {
    ...USERS,
    name: 'partitioned by time',
    ddl: `create table public.users (id uuid, email text, created_at timestamptz default now(), primary key (id, created_at))
  partition by range (created_at);
create table public.users_all partition of public.users default`,
    refused: 'key_not_unique',
    // A unique index of a partitioned table has to hold the column that it is partitioned by.
    fix: /^(?!create unique index)/,
  },
  {
    ...USERS,
    name: 'partitioned by the key, which is not unique',
    ddl: `create table public.users (id uuid, email text) partition by hash (id);
create table public.users_all partition of public.users for values with (modulus 1, remainder 0)`,
    refused: 'key_not_unique',
    fix: /create unique index/,
    curable: true,
  },
];

describe('refused by sync, counted by check:', () => {
  test.each(refused)('$name', (shape) => expectRefused(twins, shape));
});
