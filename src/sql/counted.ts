import { eligible, exclusionOf, type Mapping, sourceOf, withoutRowWithin } from './mapping.ts';
import type { Scoped } from './scope.ts';

/** A time that ISO 8601 can write: not NULL, not infinite, neither BC nor after the year 9999. */
const DATED = `u.created_at >= '0001-01-01 00:00:00+00' and u.created_at < '10000-01-01 00:00:00+00'`;

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

/** A scope to measure, where `when` (a condition without a column) is true. Just one of several may apply. */
export interface Look {
  when: string;
  scope: Scoped;
}

/**
 * How the users without a row are found. `few`: on ids alone (index-only), and only those are joined back to the wide row.
 * `many`: in one pass over the wide rows, which workers share; `missing` of them are expected users, which decides how they
 * are counted and a sample is had. For one million users of whom nobody has a row: 2.4 s and 0.9 s.
 */
export type Density = { without: 'few' } | { without: 'many'; missing: 'few' | 'many' };

/**
 * The common table expressions of a measure up to `counted`: rows `class, day, provider, n, undated, oldest, newest, ids`, in
 * which every user without a row counts once. They read `clock`; `ids` are those of missing users, NULL for a walk.
 */
export function countedSql(mapping: Mapping, looks: readonly Look[], asked: Asked, density: Density): string {
  return density.without === 'few' ? foundOnIds(mapping, looks, asked) : foundInOnePass(mapping, looks, asked, density);
}

/** So many are missing that a sample of them is soon found along the index. */
export function isWalk(density: Density): boolean {
  return density.without === 'many' && density.missing === 'many';
}

function foundOnIds(mapping: Mapping, looks: readonly Look[], asked: Asked): string {
  return `missing as materialized (
  ${withoutRowIn(looks, mapping, 'u.id')}
),
classed as (
  select ${classedColumns(mapping, asked)}
  from missing join ${sourceOf(mapping)} on u.id = missing.id
),
${countedByAll(`array_agg(id) filter (where class = 'missing')`)}`;
}

function foundInOnePass(mapping: Mapping, looks: readonly Look[], asked: Asked, density: Density): string {
  const columns = isWalk(density) ? classedColumns(mapping, asked) : notedColumns(mapping);
  return `classed as (
  ${withoutRowIn(looks, mapping, columns)}
),
${isWalk(density) ? countedByAll('null::uuid[]') : countedApart(mapping, asked)}`;
}

function withoutRowIn(looks: readonly Look[], mapping: Mapping, columns: string): string {
  const arms = looks.map(
    ({ when, scope }) =>
      `select ${columns} from ${sourceOf(mapping)} where ${when} and ${withoutRowWithin(mapping, scope)}${scope.since}`,
  );
  return arms.join('\n  union all ');
}

function countedByAll(ids: string): string {
  return `counted as materialized (
  select class, ${COUNTS}, ${ids} as ids
  from classed group by class, day, provider
)`;
}

/** What tells who is excluded; the filter of the mapping, which may be slow or answer anew each time, is asked once. */
function notedColumns(mapping: Mapping): string {
  const plainly = exclusionOf({ ...mapping, skip: { ...mapping.skip, where: null } });
  return `u.id, ${plainly} as class, ${eligible(mapping)} as expected`;
}

/** Many excluded users are counted without a group that each is sorted into, and the few others are joined back. */
function countedApart(mapping: Mapping, asked: Asked): string {
  const plain = ['deleted', 'anonymous', 'sso'];
  return `noted as materialized (
  select ${plain.map((name) => `count(*) filter (where class = '${name}') as ${name}`).join(', ')},
    count(*) filter (where class is null) as others, coalesce(array_agg(id) filter (where expected), '{}') as ids
  from classed
),
counted as materialized (
  select class, null::date as day, null::text as provider, n, null::bigint as undated,
    null::timestamptz as oldest, null::timestamptz as newest, null::uuid[] as ids
  from noted cross join lateral (values
    ${plain.map((name) => `('${name}', ${name})`).join(', ')}, ('filtered', others - cardinality(ids))
  ) as excluded (class, n)
  union all
  select class, ${COUNTS}, array_agg(id) filter (where class = 'missing') as ids
  from (
    select u.id, ${GRACE_OR_MISSING} as class, ${toldColumns(asked)}
    from noted cross join unnest(ids) as expected (id) join ${sourceOf(mapping)} on u.id = expected.id
  ) told group by class, day, provider
)`;
}

const COUNTS = `day, provider, count(*) as n,
    count(*) filter (where dated is null) as undated, min(dated) as oldest, max(dated) as newest`;

/**
 * The auth server's own names for the ways to sign up. Applications can write this field too, so that it may hold
 * anything: what is not known is counted, never quoted.
 */
const PROVIDERS =
  'email,phone,apple,azure,bitbucket,discord,facebook,figma,fly,github,gitlab,google,kakao,keycloak,linkedin,' +
  'linkedin_oidc,notion,slack,slack_oidc,snapchat,spotify,twitch,twitter,vercel_marketplace,web3,workos,x,zoom';

/** What each user without a row is counted by: class, time and way of sign-up. */
function classedColumns(mapping: Mapping, asked: Asked): string {
  // Nobody asks for it of who is excluded. Not by a filter: that may be slow, and would be asked once more.
  const expected = eligible({ skip: { ...mapping.skip, where: null } });
  return `u.id, coalesce(${exclusionOf(mapping)}, ${GRACE_OR_MISSING}) as class, ${toldColumns(asked, expected)}`;
}

/** TRUE for users who signed up so lately that they may still be on their way; reads `clock`. */
export const IN_GRACE = 'u.created_at > (select cutoff from clock) and u.created_at <= (select future from clock)';

const GRACE_OR_MISSING = `case
    when ${IN_GRACE} then 'grace'
    else 'missing' end`;

/** Time and way of sign-up, where `when` is true. */
function toldColumns({ breakdown }: Asked, when = 'true'): string {
  const day = breakdown
    ? `case when ${when} and ${DATED} then (u.created_at at time zone 'UTC')::date end`
    : 'null::date';
  const provider = breakdown?.providers ? `case when ${when} then ${PROVIDER} end` : 'null::text';
  return `case when ${DATED} then u.created_at end as dated, ${day} as day, ${provider} as provider`;
}

const PROVIDER = `case
    when u.raw_app_meta_data ->> 'provider' is null then 'unknown'
    when u.raw_app_meta_data ->> 'provider' = any('{${PROVIDERS}}') then u.raw_app_meta_data ->> 'provider'
    when u.raw_app_meta_data ->> 'provider' like 'sso:%' then 'sso'
    when u.raw_app_meta_data ->> 'provider' like 'custom:%' then 'custom'
    else 'other' end`;
