/** Who is in auth.users of a bench. */
export interface Population {
  /** Rows in auth.users. */
  readonly users: number;
  /** The share of them that is anonymous: none of them has a row, or should. */
  readonly anonymous?: number;
  /** The share that is soft-deleted: as the anonymous. */
  readonly deleted?: number;
  /** Everybody who should have a row has one. */
  readonly copied?: boolean;
}

/** How many should have a row. */
export function expectedUsers(population: Population): number {
  const { anonymous, deleted } = perMille(population);
  const whole = Math.floor(population.users / 1000);
  // Numbers 1 to users, of which those below the shares are excluded; a whole thousand has each remainder once.
  const rest = Math.min(population.users % 1000, Math.max(0, anonymous + deleted - 1));
  return population.users - whole * (anonymous + deleted) - rest;
}

function perMille({ anonymous = 0, deleted = 0 }: Population): { anonymous: number; deleted: number } {
  return { anonymous: Math.round(anonymous * 1000), deleted: Math.round(deleted * 1000) };
}

/** A name for a database with these people. */
export function nameOf(population: Population): string {
  const { anonymous, deleted } = perMille(population);
  return `bench_${population.users}_${anonymous}_${deleted}${population.copied ? '_copied' : ''}`;
}

/** The table of the application: what most projects have, and with the second unique key that most have. */
export const TARGET_SQL = `
create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text unique,
  full_name text,
  avatar_url text,
  created_at timestamptz not null default now()
);
alter table public.users enable row level security;
`;

const COLUMNS = {
  email: 'u.email',
  full_name: "coalesce(u.raw_user_meta_data ->> 'full_name', split_part(u.email, '@', 1))",
  avatar_url: "u.raw_user_meta_data ->> 'avatar_url'",
  created_at: 'u.created_at',
};

/** userdrift.config.json for it. */
export const CONFIG = { target: 'public.users', key: 'id', columns: COLUMNS };

/** The same mapping in one statement: what to write if nothing can go wrong. */
export const STATEMENT_SQL = `
insert into public.users (id, ${Object.keys(COLUMNS).join(', ')})
select u.id, ${Object.values(COLUMNS).join(', ')}
from auth.users u
where u.deleted_at is null and not u.is_anonymous
  and not exists (select from public.users p where p.id = u.id)
on conflict do nothing`;

/** The question that most people ask first. */
export const BARE_COUNT_SQL = `
select count(*)::int as missing from auth.users u left join public.users p on p.id = u.id where p.id is null`;

/** How many are missing that should have a row. */
export const MISSING_SQL = `${BARE_COUNT_SQL} and u.deleted_at is null and not u.is_anonymous`;

/**
 * Inserts the users numbered $1 to $2: random ids in the order of sign-up, so that every index on the id is as spread as a
 * real one; about 1 kB per row; $3 and $4 are the per mille of anonymous and deleted ones, $5 is how many there are in all.
 */
export const PEOPLE_SQL = `
insert into auth.users (
  instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token, recovery_token,
  email_change_token_new, email_change, last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at,
  is_anonymous, deleted_at
)
select '00000000-0000-0000-0000-000000000000', p.id, 'authenticated', 'authenticated',
  case
    when p.deleted then translate(rtrim(encode(sha256(p.id::text::bytea), 'base64'), '='), '+/', '-_')
    when not p.anonymous then p.handle || '@' || p.domain
  end,
  case when p.by_mail then '$2a$10$' || translate(left(md5(p.handle) || md5(p.id::text), 53), '-', '.') end,
  case when not p.anonymous then p.at + interval '1 minute' end,
  '', '', '', '', p.at + interval '40 days',
  case
    when p.deleted then '{}'
    when p.anonymous then '{}'
    when p.by_mail then '{"provider": "email", "providers": ["email"]}'
    else '{"provider": "google", "providers": ["google", "email"]}'
  end::jsonb,
  case when p.deleted or p.anonymous then '{}'::jsonb else jsonb_build_object(
    'sub', md5(p.handle), 'iss', 'https://accounts.example.com', 'email', p.handle || '@' || p.domain,
    'name', p.name, 'full_name', p.name, 'preferred_username', p.handle, 'provider_id', md5(p.id::text),
    'avatar_url', 'https://images.example.com/a/' || md5(p.name) || '/' || md5(p.handle) || '=s96-c',
    'picture', 'https://images.example.com/a/' || md5(p.name) || '/' || md5(p.handle) || '=s96-c',
    'email_verified', true, 'phone_verified', false, 'locale', 'en-GB', 'onboarding', jsonb_build_object(
      'step', 'done', 'source', 'newsletter', 'campaign', md5(p.domain), 'accepted_terms_at', p.at)
  ) end,
  p.at, p.at, p.anonymous, case when p.deleted then p.at + interval '50 days' end
from (
  select gen_random_uuid() as id, 'member' || n as handle, 'mail' || n % 50 || '.example.org' as domain,
    'Given' || n % 1000 || ' Family' || n % 7777 as name, n % 3 > 0 as by_mail,
    n % 1000 < $3 as anonymous, n % 1000 >= $3 and n % 1000 < $3 + $4 as deleted,
    now() - interval '2 days' - ($5::int - n) * (interval '3 years' / $5::int) as at
  from generate_series($1::int, $2::int) n
) p`;

/** The values of `PEOPLE_SQL` for one portion. */
export function portion(population: Population, from: number, to: number): number[] {
  const { anonymous, deleted } = perMille(population);
  return [from, to, anonymous, deleted, population.users];
}
