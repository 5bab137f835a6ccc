import { eligible, type Mapping, sameUser, sourceOf, staleTest, targetOf, withoutRowWithin } from './mapping.ts';
import type { Scoped } from './scope.ts';

/**
 * The id that lies `rows` (SQL: a parameter or an expression) source rows ahead: the end of a window. No row: fewer are left.
 * Index-only on the primary key, the one index of auth.users that can be relied on.
 */
export function windowEndSql(mapping: Mapping, scope: Scoped, rows = '$1'): string {
  return `select u.id::text as id from ${sourceOf(mapping)} where true${scope.between('u.id')} order by u.id offset ${rows} limit 1`;
}

/** What a stream of missing ids takes when it runs, as SQL. */
export interface Page {
  limit: string;
  cutoff: string;
  future: string;
}

const PARAMETERS: Page = { limit: '$1', cutoff: '$2::timestamptz', future: '$3::timestamptz' };

/**
 * Ids without a row, ascending, at most `limit`, each with `due`: is this user expected and out of grace?
 * The bound inside the NOT EXISTS keeps an epoch from reading the inner index from its start; the LIMIT keeps the plan
 * from sorting everything first. The wide row is looked up for the missing ids only, as a subquery: written as a join,
 * the planner read the whole source for every epoch.
 */
export function missingSql(mapping: Mapping, scope: Scoped, page = PARAMETERS): string {
  return `
select m.id::text as id, coalesce((
  select (u.created_at > ${page.cutoff} and u.created_at <= ${page.future}) is not true${scope.since}
  from ${sourceOf(mapping)} where u.id = m.id and ${eligible(mapping)}
), false) as due
from (
  select u.id from ${sourceOf(mapping)}
  where ${withoutRowWithin(mapping, scope)}
  order by u.id limit ${page.limit}
) m
order by m.id`;
}

/**
 * What one of these streams finds, `size` ids a row, ascending: `ids`, those that are due, joined by commas; how many were
 * `seen`; and the `last` of them.
 */
export function inChunks(found: string, size: number): string {
  return `
select string_agg(id, ',' order by id collate "C") filter (where due) as ids, count(*)::int as seen,
  max(id collate "C") as last
from (select id, due, (row_number() over () - 1) / ${size} as chunk from (${found}
) found) numbered
group by chunk order by chunk`;
}

/** Ids of eligible users whose refresh columns differ, ascending, at most $1. */
export function staleSql(mapping: Mapping, scope: Scoped): string {
  return `
select u.id::text as id, true as due
from ${sourceOf(mapping)} join ${targetOf(mapping)} p on ${sameUser(mapping)}
where ${eligible(mapping)} and ${staleTest(mapping)}${scope.between('u.id')}${scope.since}
order by u.id limit $1`;
}
