import { type Asked, countedSql, type Density, IN_GRACE, isWalk, type Look } from './counted.ts';
import {
  eligible,
  type Mapping,
  sameUser,
  sourceOf,
  staleTest,
  targetOf,
  withoutRow,
  withoutRowWithin,
} from './mapping.ts';
import { ident } from './name.ts';
import type { Scoped } from './scope.ts';

const CANONICAL_UUID = '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$';
const SAMPLE = 20;

/** The clock of an earlier measure and the grace as parameters $1, $2 and $3. */
export const PARAMETERS = { cutoff: '$1', future: '$2', graceMs: '$3' };

/**
 * One statement, one snapshot, one JSON value as `Measure` describes it: totals, and every user without a row in exactly
 * one class. A look that does not apply costs nothing, and each is planned by itself.
 */
export function measureSql(
  mapping: Mapping,
  looks: readonly Look[],
  asked: Asked,
  density: Density = { without: 'few' },
): string {
  const source = sourceOf(mapping);
  return `
with clock as materialized (
  select coalesce(${asked.cutoff}::timestamptz, now() - ${asked.graceMs}::float8 * interval '1 millisecond') as cutoff,
         coalesce(${asked.future}::timestamptz, now() + interval '1 day') as future
),
${countedSql(mapping, looks, asked, density)}
select jsonb_build_object(
  'clock', jsonb_build_object('cutoff', ${iso('clock.cutoff')}, 'future', ${iso('clock.future')}),
  'sourceTotal', ${inLook(looks, ({ between, since }) => `select count(*) from ${source} where true${between('u.id')}${since}`)},
  'sourceEmpty', not exists (select from ${source}),
  'targetEmpty', not exists (select from ${targetOf(mapping)}),
  'missing', ${inClass('missing', 'sum(n)')},
  'oldest', case when ${inClass('missing', 'sum(undated)')} = 0 then ${iso(inClass('missing', 'min(oldest)', 'null'))} end,
  'newest', ${iso(inClass('missing', 'max(newest)', 'null'))},
  'excluded', jsonb_build_object(${CLASSES.map((name) => `'${name}', ${inClass(name, 'sum(n)')}`).join(', ')}),
  'stale', ${mapping.refresh.length > 0 ? inLook(looks, (scope) => staleCount(mapping, scope)) : 'null'},
  'orphans', ${asked.orphans === null ? 'null' : `case when ${asked.orphans} then ${inLook(looks, (scope) => orphanCount(mapping, scope))} end`},
  'sample', ${isWalk(density) ? walked(mapping, looks) : COLLECTED},
  'breakdown', ${asked.breakdown === null ? 'null' : `case when ${asked.breakdown.when} then ${brokenDown(asked.breakdown.providers)} end`}
) as measure
from clock`;
}

/**
 * Looks at the first source rows of a scope, by id: how many were `looked` at, how many of those are `without` a row, and how
 * many of these are expected. The limit stands inside: the planner would hash all of the target for so many looks else.
 * The filter of the mapping may fail, be slow or write: it is asked about users without a row only, as everywhere.
 */
export function probeSql(mapping: Mapping, scope: Scoped): string {
  const expected = `(select ${eligible(mapping)} from ${sourceOf(mapping)} where u.id = probe.id)`;
  return `
select count(*)::int as looked, count(*) filter (where without)::int as without,
  count(*) filter (where without and ${expected})::int as missing
from (
  select u.id, ${withoutRow(mapping)} as without
  from (select u.id from ${sourceOf(mapping)} where true${scope.between('u.id')} order by u.id limit ${PROBE}) u
) probe`;
}

const PROBE = 1000;

const CLASSES = ['deleted', 'anonymous', 'sso', 'filtered', 'grace'];

/** The value of the look that applies; the others are never begun. */
function inLook(looks: readonly Look[], query: (scope: Scoped) => string): string {
  const arms = looks.map(({ when, scope }) => `when ${when} then (${query(scope)})`);
  return `case ${arms.join('\n    ')} end`;
}

function iso(timestamp: string): string {
  return `to_char(${timestamp} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

function inClass(name: string, aggregate: string, otherwise = '0'): string {
  return `coalesce((select ${aggregate} from counted where class = '${name}'), ${otherwise})`;
}

const COLLECTED = `array(select id from counted cross join unnest(ids) as id order by id limit ${SAMPLE})`;

/** Along the index: soon done where many are missing. The fence keeps the filter of the mapping from users who have a row. */
function walked(mapping: Mapping, looks: readonly Look[]): string {
  return inLook(
    looks,
    (scope) => `array(select m.id from (
      select u.id from ${sourceOf(mapping)} where ${withoutRowWithin(mapping, scope)}${scope.since} order by u.id offset 0
    ) m
    where (select ${eligible(mapping)} and (${IN_GRACE}) is not true from ${sourceOf(mapping)} where u.id = m.id)
    order by m.id limit ${SAMPLE})`,
  );
}

function brokenDown(providers: boolean): string {
  const days = `select day, sum(n) as n from counted where class = 'missing' group by day`;
  const ways = `select provider, sum(n) as n from counted where class = 'missing' group by provider`;
  return `jsonb_build_object(
    'days', coalesce((
      select jsonb_agg(jsonb_build_object('day', to_char(day, 'YYYY-MM-DD'), 'missing', n) order by day) from (${days}) d), '[]'),
    'providers', ${
      providers
        ? `coalesce((
      select jsonb_agg(jsonb_build_object('provider', provider, 'missing', n) order by n desc, provider) from (${ways}) w), '[]')`
        : 'null'
    })`;
}

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
