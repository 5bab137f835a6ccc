import { readFileSync, statSync } from 'node:fs';
import type { Arena } from './arena.ts';

/** What the statements of one role in one database have cost. */
export interface Cost {
  calls: number;
  milliseconds: number;
  /** Pages of 8 kB, from shared buffers or from outside. */
  pages: number;
}

const MINE = `from extensions.pg_stat_statements s
  where s.dbid = (select oid from pg_database where datname = current_database()) and s.userid = 'postgres'::regrole`;

/** What the role postgres has spent in an arena since `forgetCost`. */
export async function costOf(arena: Arena): Promise<Cost> {
  const [cost] = await arena.query<{ calls: string; milliseconds: number; pages: string }>(
    `select coalesce(sum(calls), 0) as calls, coalesce(sum(total_exec_time), 0) as milliseconds,
       coalesce(sum(shared_blks_hit + shared_blks_read), 0) as pages ${MINE}`,
  );
  if (!cost) throw new Error('pg_stat_statements has no answer');
  return { calls: Number(cost.calls), milliseconds: Number(cost.milliseconds), pages: Number(cost.pages) };
}

/** The dearest of them, with the beginning of their text. */
export function dearestOf(arena: Arena, count: number): Promise<(Cost & { text: string })[]> {
  return arena.query<Cost & { text: string }>(
    `select calls::int, total_exec_time::float8 as milliseconds, (shared_blks_hit + shared_blks_read)::int as pages,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 90) as text ${MINE} order by total_exec_time desc limit $1`,
    [count],
  );
}

export async function forgetCost(arena: Arena): Promise<void> {
  await arena.query(
    'select extensions.pg_stat_statements_reset(dbid := (select oid from pg_database where datname = current_database()))',
  );
}

/** From now on the statements in this arena are logged as they begin, also those that fail. */
export async function logStatements({ name, query }: Arena): Promise<void> {
  await query(`alter database ${name} set log_statement = 'all'`);
}

/** How many statements the server was sent, and how many of them insert, or only end a transaction in vain. */
export interface Sent {
  statements: number;
  inserts: number;
  rollbacks: number;
}

/** What was sent while the work was done, by the log of the server. */
export async function statementsDuring(logFile: string, work: () => Promise<unknown>): Promise<Sent> {
  const before = statSync(logFile).size;
  await work();
  return countStatements(readFileSync(logFile).subarray(before).toString('utf8'));
}

/** One per execution, in the simple protocol and in the extended one. */
export function countStatements(log: string): Sent {
  const texts = [...log.matchAll(/^.*LOG: {2}(?:statement|execute [^:]+): (.*)$/gm)].map(([, text = '']) => text);
  const like = (pattern: RegExp) => texts.filter((text) => pattern.test(text)).length;
  return { statements: texts.length, inserts: like(/^insert into\b/i), rollbacks: like(/^rollback$/i) };
}
