import { eligible, type Mapping, sameUser, sourceOf, staleTest, targetOf, withoutRow } from './mapping.ts';
import { ident } from './name.ts';
import { idBetween, inRange, type Range } from './scope.ts';

/**
 * The id that lies $1 source rows ahead: the end of a window. No row: fewer are left.
 * Index-only on the primary key, the one index of auth.users that can be relied on.
 */
export function windowEndSql(mapping: Mapping, range: Range): string {
  return `select u.id::text as id from ${sourceOf(mapping)} where true${idBetween('u.id', range)} order by u.id offset $1 limit 1`;
}

/**
 * Ids without a row, ascending, at most $1, each with `due`: is this user expected and out of grace ($2 cutoff, $3 future)?
 * The bound inside the NOT EXISTS keeps an epoch from reading the inner index from its start; the LIMIT keeps the plan
 * from sorting everything first. The wide row is looked up for the missing ids only, as a subquery: written as a join,
 * the planner read the whole source for every epoch.
 */
export function missingSql(mapping: Mapping, range: Range): string {
  // Text and uuid sort alike only under collation "C", so a text key gets no inner bound.
  const inner = mapping.keyType === 'uuid' ? idBetween(`p.${ident(mapping.key)}`, range) : '';
  return `
select m.id::text as id, coalesce((
  select (u.created_at > $2::timestamptz and u.created_at <= $3::timestamptz) is not true${inRange({ ...range, after: null, upTo: null })}
  from ${sourceOf(mapping)} where u.id = m.id and ${eligible(mapping)}
), false) as due
from (
  select u.id from ${sourceOf(mapping)}
  where ${withoutRow(mapping, inner)}${idBetween('u.id', range)}
  order by u.id limit $1
) m
order by m.id`;
}

/** Ids of eligible users whose refresh columns differ, ascending, at most $1. */
export function staleSql(mapping: Mapping, range: Range): string {
  return `
select u.id::text as id, true as due
from ${sourceOf(mapping)} join ${targetOf(mapping)} p on ${sameUser(mapping)}
where ${eligible(mapping)} and ${staleTest(mapping)}${inRange(range)}
order by u.id limit $1`;
}
