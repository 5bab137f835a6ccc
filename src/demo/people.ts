import type { Database } from './auth-roles.ts';

/**
 * Who is in the sample data. The first groups have no row in public.users, the others do; whoever is left over of
 * `USERS` is an ordinary member with a row.
 */
export const GROUPS = {
  /** Signed up on the one day on which the webhook was down, a week ago. */
  deadDay: 88,
  /** Lost one by one over the months. */
  scattered: 42,
  /** SSO user whose mail another member's row has: unique violation, 23505. */
  takenMail: 1,
  /** A name longer than the application allows: check violation, 23514. */
  longName: 1,
  /** Signed up seconds ago: the webhook may still be on its way. */
  inGrace: 3,
  /** The application makes no row for them. */
  anonymous: 702,
  /** Soft-deleted by the auth server; the application removed its row. */
  deleted: 131,
  /** Of the day without webhook, before it broke. */
  deadDayCopied: 2,
  /** Soft-deleted by the auth server; the application's row stayed. */
  deletedWithRow: 12,
  /** SSO users with the mail of another member; the application left the mail out. */
  twins: 12,
  sso: 228,
  phoneOnly: 300,
  banned: 10,
} as const;

export type Group = keyof typeof GROUPS;

export const USERS = 10_000;

const WITHOUT_ROW: Group[] = ['deadDay', 'scattered', 'takenMail', 'longName', 'inGrace', 'anonymous', 'deleted'];

/** What a check of the sample data must count. */
export const COUNTS = {
  withoutRow: sum(WITHOUT_ROW),
  missing: sum(['deadDay', 'scattered', 'takenMail', 'longName']),
  /** Of the missing, those that the table itself refuses. */
  refused: sum(['takenMail', 'longName']),
} as const;

/** How the sample application fills its table, in the shape of userdrift.config.json. */
export const CONFIG = {
  target: 'public.users',
  key: 'id',
  columns: {
    email: 'u.email',
    full_name: "coalesce(u.raw_user_meta_data ->> 'full_name', split_part(u.email, '@', 1))",
    avatar_url: "u.raw_user_meta_data ->> 'avatar_url'",
    created_at: 'u.created_at',
  },
};

/** The same after the two refusals were understood: no mail for SSO users, and no name that is too long. */
export const MENDED_CONFIG = {
  ...CONFIG,
  columns: {
    ...CONFIG.columns,
    email: 'case when not u.is_sso_user then u.email end',
    full_name: `left(${CONFIG.columns.full_name}, 120)`,
  },
};

/**
 * Creates public.users, owned by postgres, and fills it and auth.users with 10,000 users: the same ones each time, only
 * that the days move with the calendar. Connect as supabase_admin; roles and schema auth must exist. About a second.
 */
export async function createPeople(database: Database): Promise<void> {
  const sql = [tables, people, signUps, copied, webhook, 'commit; analyze auth.users, auth.identities, public.users;'];
  // Several statements in one message: one round trip, and all or nothing.
  await database.query(`begin; ${sql.join('\n')}`);
}

const tables = `
set local role postgres;
create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text unique,
  full_name text constraint users_full_name_length check (char_length(full_name) <= 120),
  avatar_url text,
  plan text not null default 'free',
  created_at timestamptz not null default now()
);
alter table public.users enable row level security;
create policy "Users see themselves" on public.users for select to authenticated using (auth.uid() = id);
reset role;
`;

/**
 * One row per person: which group, when, called what. chance() is a fixed number from 0 to 1 for each person and
 * question, so that the data is the same on every machine.
 */
const people = `
create function pg_temp.chance(n int, question text) returns float8 language sql immutable as $$
  select ('x' || substr(md5(question || n::text), 1, 8))::bit(32)::bigint / 4294967296.0
$$;
create function pg_temp.pick(choices text[], n int, question text) returns text language sql immutable as $$
  select choices[1 + floor(pg_temp.chance(n, question) * cardinality(choices))::int]
$$;
create function pg_temp.uuid(n int, question text) returns uuid language sql immutable as $$
  select overlay(overlay(md5(question || n::text) placing '4' from 13) placing 'a' from 17)::uuid
$$;
create function pg_temp.hash(id uuid, question text, length int) returns text language sql immutable as $$
  select substr(translate(encode(sha256((question || id::text)::bytea), 'base64'), '+/=', '-_'), 1, length)
$$;

create temporary table person on commit drop as
with numbered as (
  select n, (${groupOf('n')}) as kind from generate_series(1, ${USERS}) n
), dated as (
  select n, kind,
    -- A twin has the mail of the last members, who are ordinary ones.
    case
      when kind = 'takenMail' then ${USERS}
      when kind = 'twins' then ${USERS} - n + ${firstOf('twins') - 1}
      else n
    end as mail_of,
    case
      when kind = 'inGrace' then now() - interval '2 seconds'
      when kind in ('deadDay', 'deadDayCopied')
        then (date_trunc('day', now() at time zone 'UTC') - interval '7 days'
          + pg_temp.chance(n, 'hour') * interval '24 hours') at time zone 'UTC'
      -- Right after midnight the last sign-up of yesterday would still be in grace.
      else least(now() - interval '10 minutes', (date_trunc('day', now() at time zone 'UTC')
          -- More of them lately: the application grows. Nobody else on the day without webhook.
          - (array_remove(array(select generate_series(1, 120)), 7))[1 + floor(119 * pg_temp.chance(n, 'day') ^ 1.15)::int]
            * interval '1 day'
          + pg_temp.chance(n, 'hour') * interval '24 hours') at time zone 'UTC')
    end as created_at
  from numbered
)
select n, kind, created_at,
  pg_temp.uuid(n, 'id') as id,
  first_name || ' ' || last_name as full_name,
  case when kind not in ('anonymous', 'phoneOnly') then
    lower(first_name) || '.' || mail_of || pg_temp.pick('{@example.com,@example.com,@example.org}', mail_of, 'domain')
  end as email,
  case
    when kind in ('sso', 'twins', 'takenMail') then 'sso:' || pg_temp.uuid(1, 'sso')
    when kind = 'anonymous' then 'anonymous'
    when kind = 'phoneOnly' then 'phone'
    when pg_temp.chance(n, 'provider') < 0.2 then 'google'
    else 'email'
  end as provider
from dated
cross join lateral (select
  pg_temp.pick('{Alvo,Brenka,Cedrin,Dallia,Emmoly,Fintan,Garell,Hestia,Ivonel,Jorvik,Kessa,Lumir,Mirelle,Norvin,Odalie,Perrin}',
    mail_of, 'first name') as first_name,
  pg_temp.pick('{Ashdown,Brightwell,Cørvane,Dunmarrow,Elderby,Fairholt,Glasswyn,Hollenbeck,Ímarsdal,Juniperry,Kestwick,Łarkowen}',
    mail_of, 'last name') as last_name
) named;
`;

const signUps = `
insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
  email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
  phone, phone_confirmed_at, banned_until, is_sso_user, deleted_at, is_anonymous
)
select
  '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated',
  case when gone then pg_temp.hash(id, 'mail', 43) else email end,
  case when provider = 'email' and not gone then '$2a$10$' || pg_temp.hash(id, 'password', 43) end,
  case when email is not null then created_at end,
  '', '', '', '', created_at + pg_temp.chance(n, 'sign-in') * (now() - created_at),
  case when gone or provider = 'anonymous' then '{}'
    else jsonb_build_object('provider', provider, 'providers', jsonb_build_array(provider)) end,
  case
    when gone or provider in ('anonymous', 'phone') then '{}'
    when kind = 'longName' then jsonb_build_object('full_name', repeat(full_name || ' ', 20))
    when provider = 'google' then jsonb_build_object('full_name', full_name, 'avatar_url', avatar_url)
    when pg_temp.chance(n, 'has a name') < 0.7 then jsonb_build_object('full_name', full_name)
    else '{}'
  end,
  created_at, created_at,
  case when gone then pg_temp.hash(id, 'phone', 15) when provider = 'phone' then '999' || lpad(n::text, 9, '0') end,
  case when provider = 'phone' then created_at end,
  case when kind = 'banned' then now() + interval '1 year' end,
  provider like 'sso:%',
  case when gone then created_at + pg_temp.chance(n, 'deleted') * (now() - created_at) end,
  kind = 'anonymous'
from person
cross join lateral (select
  kind in ('deleted', 'deletedWithRow') as gone,
  'https://example.com/faces/' || n || '.png' as avatar_url
) facts;

insert into auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
select id::text, id, jsonb_strip_nulls(jsonb_build_object('sub', id, 'email', email)), provider, created_at, created_at,
  created_at
from person where kind not in ('anonymous', 'deleted', 'deletedWithRow');
`;

/** Rows as the webhook made them, each with the mail of that time: a soft deletion later hashed it in auth.users only. */
const copied = `
insert into public.users (id, email, full_name, avatar_url, plan, created_at)
select p.id,
  case when kind <> 'twins' then p.email end,
  coalesce(u.raw_user_meta_data ->> 'full_name', split_part(p.email, '@', 1)),
  u.raw_user_meta_data ->> 'avatar_url',
  case when pg_temp.chance(n, 'plan') < 0.1 then 'pro' else 'free' end,
  p.created_at
from person p join auth.users u using (id)
where kind not in (${WITHOUT_ROW.map((group) => `'${group}'`).join(', ')});
`;

/**
 * What copies users in this application: each sign-up is posted to it once, by pg_net, which the embedded server does not
 * have. The function that stands in for it posts nothing.
 */
const webhook = `
create schema net;
create function net.http_post(url text, body jsonb) returns bigint language sql as 'select 0::bigint';
set local role postgres;
create function public.announce_sign_up() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform net.http_post('https://app.example.com/hooks/sign-up', jsonb_build_object('user_id', new.id));
  return new;
end $$;
create trigger on_auth_user_created after insert on auth.users for each row execute function public.announce_sign_up();
reset role;
`;

function sum(groups: readonly Group[]): number {
  return groups.reduce((total, group) => total + GROUPS[group], 0);
}

/** The number of the group's first person; people are numbered through the groups in the order of `GROUPS`. */
function firstOf(group: Group): number {
  const names = Object.keys(GROUPS) as Group[];
  return 1 + sum(names.slice(0, names.indexOf(group)));
}

/** SQL that tells the group from a person's number. */
function groupOf(number: string): string {
  const cases = (Object.keys(GROUPS) as Group[]).map(
    (group) => `when ${number} < ${firstOf(group) + GROUPS[group]} then '${group}'`,
  );
  return `case ${cases.join(' ')} else 'member' end`;
}
