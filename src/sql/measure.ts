import {
  eligible,
  exclusionOf,
  type Mapping,
  sameUser,
  sourceOf,
  staleTest,
  targetOf,
  withoutRowWithin,
} from './mapping.ts';
import { ident } from './name.ts';
import type { Scoped } from './scope.ts';

const CANONICAL_UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const SAMPLE = 20;

/** A time that ISO 8601 can write: not NULL, not infinite, neither BC nor after the year 9999. */
const DATED = `created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'`;

/** What a measure is told when it runs, as SQL. */
export interface Asked {
  /** The cutoff and the future of an earlier measure, or NULL. */
  cutoff: string;
  future: string;
  graceMs: string;
  /** A condition; null: do not count them */
  orphans: string | null;
  /** A condition; null: no breakdown. `providers`: the source has raw_app_meta_data. */
  breakdown: { when: string; providers: boolean } | null;
}

/** The clock of an earlier measure and the grace as parameters $1, $2 and $3. */
export const PARAMETERS = { cutoff: '$1', future: '$2', graceMs: '$3' };

/** A scope to measure, where `when` (a condition without a column) is true. Just one of several may apply. */
export interface Look {
  when: string;
  scope: Scoped;
}

/**
 * One statement, one snapshot, one JSON value as `Measure` describes it: totals, and every user without a row in exactly
 * one class. The anti-join runs on ids alone (index-only, parallel); only the few that are missing are joined back to the
 * wide row. A look that does not apply costs nothing, and each is planned by itself.
 */
export function measureSql(mapping: Mapping, looks: readonly Look[], asked: Asked): string {
  const source = sourceOf(mapping);
  const provider = asked.breakdown?.providers ? "u.raw_app_meta_data ->> 'provider' as provider, " : '';
  return `
with clock as materialized (
  select coalesce(${asked.cutoff}::timestamptz, now() - ${asked.graceMs}::float8 * interval '1 millisecond') as cutoff,
         coalesce(${asked.future}::timestamptz, now() + interval '1 day') as future
),
missing as materialized (
  ${looks.map(({ when, scope }) => `select u.id from ${source} where ${when} and ${withoutRowWithin(mapping, scope)}${scope.since}`).join('\n  union all ')}
),
classed as (
  select u.id, u.created_at, ${provider}coalesce(${exclusionOf(mapping)},
    case when u.created_at > clock.cutoff and u.created_at <= clock.future then 'grace' else 'missing' end) as class
  from missing join ${source} on u.id = missing.id cross join clock
),
counted as (
  select
    count(*) filter (where class = 'missing') as missing,
    count(*) filter (where class = 'deleted') as deleted,
    count(*) filter (where class = 'anonymous') as anonymous,
    count(*) filter (where class = 'sso') as sso,
    count(*) filter (where class = 'filtered') as filtered,
    count(*) filter (where class = 'grace') as grace,
    count(*) filter (where class = 'missing' and (${DATED}) is not true) as undated,
    min(created_at) filter (where class = 'missing' and ${DATED}) as oldest,
    max(created_at) filter (where class = 'missing' and ${DATED}) as newest
  from classed
)
select jsonb_build_object(
  'clock', jsonb_build_object('cutoff', ${iso('clock.cutoff')}, 'future', ${iso('clock.future')}),
  'sourceTotal', ${inLook(looks, ({ between, since }) => `select count(*) from ${source} where true${between('u.id')}${since}`)},
  'sourceEmpty', not exists (select from ${source}),
  'targetEmpty', not exists (select from ${targetOf(mapping)}),
  'missing', missing,
  'oldest', case when undated = 0 then ${iso('oldest')} end,
  'newest', ${iso('newest')},
  'excluded', jsonb_build_object('deleted', deleted, 'anonymous', anonymous, 'sso', sso, 'filtered', filtered, 'grace', grace),
  'stale', ${mapping.refresh.length > 0 ? inLook(looks, (scope) => staleCount(mapping, scope)) : 'null'},
  'orphans', ${asked.orphans === null ? 'null' : `case when ${asked.orphans} then ${inLook(looks, (scope) => orphanCount(mapping, scope))} end`},
  'sample', array(select id from classed where class = 'missing' order by id limit ${SAMPLE}),
  'breakdown', ${asked.breakdown === null ? 'null' : `case when ${asked.breakdown.when} then ${brokenDown(asked.breakdown.providers)} end`}
) as measure
from counted cross join clock`;
}

/** The value of the look that applies; the others are never begun. */
function inLook(looks: readonly Look[], query: (scope: Scoped) => string): string {
  const arms = looks.map(({ when, scope }) => `when ${when} then (${query(scope)})`);
  return `case ${arms.join('\n    ')} end`;
}

function iso(timestamp: string): string {
  return `to_char(${timestamp} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/**
 * The auth server's own names for the ways to sign up. Applications can write this field too, so that it may hold
 * anything: what is not known is counted, never quoted.
 */
const PROVIDERS =
  'email,phone,apple,azure,bitbucket,discord,facebook,figma,fly,github,gitlab,google,kakao,keycloak,linkedin,' +
  'linkedin_oidc,notion,slack,slack_oidc,snapchat,spotify,twitch,twitter,vercel_marketplace,web3,workos,x,zoom';

function brokenDown(providers: boolean): string {
  return `jsonb_build_object(
    'days', coalesce((
      select jsonb_agg(jsonb_build_object('day', to_char(day, 'YYYY-MM-DD'), 'missing', n) order by day) from (
        select case when ${DATED} then (created_at at time zone 'UTC')::date end as day, count(*) as n
        from classed where class = 'missing' group by 1) d), '[]'),
    'providers', ${providers ? BY_PROVIDER : 'null'})`;
}

/** Counted as it stands, then named: the names are judged once each. */
const BY_PROVIDER = `coalesce((
      select jsonb_agg(jsonb_build_object('provider', name, 'missing', n) order by n desc, name) from (
        select case
            when provider is null then 'unknown'
            when provider = any('{${PROVIDERS}}') then provider
            when provider like 'sso:%' then 'sso'
            when provider like 'custom:%' then 'custom'
            else 'other' end as name, sum(n) as n
        from (select provider, count(*) as n from classed where class = 'missing' group by 1) raw
        group by 1) named), '[]')`;

function staleCount(mapping: Mapping, { between, since }: Scoped): string {
  return `
    select count(*) from ${sourceOf(mapping)} join ${targetOf(mapping)} p on ${sameUser(mapping)}
    where ${eligible(mapping)} and ${staleTest(mapping)}${between('u.id')}${since}
  `;
}

/** Text keys may hold ids of other providers: only what reads as a uuid can be an orphan of auth.users. */
function orphanCount(mapping: Mapping, { between }: Scoped): string {
  const text = mapping.keyType === 'text';
  const key = text ? `p.${ident(mapping.key)}::text collate "C"` : `p.${ident(mapping.key)}`;
  const mine = text ? `${key} ~ '${CANONICAL_UUID}'` : `${key} is not null`;
  return `
    select count(*) from ${targetOf(mapping)} p
    where ${mine}${between(key, mapping.keyType)} and not exists (select from ${sourceOf(mapping)} where ${sameUser(mapping)})
  `;
}
