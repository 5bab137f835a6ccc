import { eligible, exclusionOf, type Mapping, sameUser, sourceOf, staleTest, targetOf, withoutRow } from './mapping.ts';
import { ident } from './name.ts';
import { idBetween, inRange, type Range } from './scope.ts';

const CANONICAL_UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const SAMPLE = 20;

/** A time that ISO 8601 can write: not NULL, not infinite, neither BC nor after the year 9999. */
const DATED = `created_at >= '0001-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'`;

interface Count {
  orphans: boolean;
  breakdown: 'none' | 'days' | 'days and providers';
}

/**
 * One statement, one snapshot: totals, and every user without a row in exactly one class.
 * The anti-join runs on ids alone (index-only, parallel); only the few that are missing are joined back to the wide row.
 * Parameters: $1 cutoff and $2 future of an earlier measure (or null), $3 grace in milliseconds.
 */
export function measureSql(mapping: Mapping, range: Range, count: Count): string {
  const source = sourceOf(mapping);
  const scope = inRange(range);
  const { breakdown } = count;
  return `
with clock as materialized (
  select coalesce($1::timestamptz, now() - $3::float8 * interval '1 millisecond') as cutoff,
         coalesce($2::timestamptz, now() + interval '1 day') as future
),
missing as materialized (
  select u.id from ${source} where ${withoutRow(mapping)}${scope}
),
classed as (
  select u.id, u.created_at, ${breakdown === 'days and providers' ? "u.raw_app_meta_data ->> 'provider' as provider, " : ''}coalesce(${exclusionOf(mapping)},
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
select
  ${iso('clock.cutoff')} as cutoff,
  ${iso('clock.future')} as future,
  (select count(*) from ${source} where true${scope}) as source_total,
  not exists (select from ${source}) as source_empty,
  not exists (select from ${targetOf(mapping)}) as target_empty,
  missing, deleted, anonymous, sso, filtered, grace,
  case when undated = 0 then ${iso('oldest')} end as oldest,
  ${iso('newest')} as newest,
  ${mapping.refresh.length > 0 ? staleCount(mapping, scope) : 'null'} as stale,
  ${count.orphans ? orphanCount(mapping, range) : 'null'} as orphans,
  array(select id::text from classed where class = 'missing' order by id limit ${SAMPLE}) as sample,
  ${breakdown === 'none' ? 'null' : brokenDown(breakdown === 'days and providers')} as breakdown
from counted cross join clock`;
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

function staleCount(mapping: Mapping, scope: string): string {
  return `(
    select count(*) from ${sourceOf(mapping)} join ${targetOf(mapping)} p on ${sameUser(mapping)}
    where ${eligible(mapping)} and ${staleTest(mapping)}${scope}
  )`;
}

/** Text keys may hold ids of other providers: only what reads as a uuid can be an orphan of auth.users. */
function orphanCount(mapping: Mapping, range: Range): string {
  const key = `p.${ident(mapping.key)}`;
  const mine = mapping.keyType === 'text' ? `${key}::text collate "C" ~ '${CANONICAL_UUID}'` : `${key} is not null`;
  const scope = mapping.keyType === 'text' ? '' : idBetween(key, range);
  return `(
    select count(*) from ${targetOf(mapping)} p
    where ${mine}${scope} and not exists (select from ${sourceOf(mapping)} where ${sameUser(mapping)})
  )`;
}
