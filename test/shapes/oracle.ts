import pg from 'pg';
import type { TestDatabase } from '../support/database.ts';

/** One table of an app, the mapping for it, and what a person would type to insert one user. */
export interface Shape {
  name: string;
  /** Makes the table, as the role postgres, where schema public is empty. */
  ddl: string;
  /** Rows that the app has made before; default: the key alone. */
  before?: string;
  config: Config;
  /** The oracle's own statement: `insert … where u.id = $1 … on conflict (key) do nothing`. */
  insert: string;
  /** Over u: who should have a row. Default: everybody but the deleted and the anonymous. */
  expected?: string;
  /** What the oracle must run into, or the case would prove nothing: how many users by `SQLSTATE constraint column`. */
  fails?: Record<string, number>;
  /** How many users a trigger silently leaves out. */
  swallowed?: number;
  /** Columns filled by a clock or by a sequence with gaps, which differ between twins. */
  own?: string[];
  /** Columns filled by a sequence without gaps: they tell the order of the inserts. */
  numbered?: string[];
  /** Further tables that triggers fill. */
  also?: string[];
  /** Rows whose user is gone. */
  orphans?: number;
  /** What may be told of a refusal; default: all of it. */
  told?: (refusal: Refusal) => Refusal;
  /** Codes of the warnings of every run. */
  warnings?: string[];
}

export interface Config {
  target: string;
  key?: string;
  columns?: Record<string, string>;
  skip?: object;
  limits?: object;
}

/** A user that was not inserted, and why. */
export interface Refusal {
  id: string;
  code: string;
  constraint: string | null;
  column: string | null;
}

export interface Answer {
  /** Expected users without a row, ascending. */
  tried: string[];
  inserted: string[];
  refused: Refusal[];
  swallowed: string[];
  /** Expected users that have no row in the end. */
  left: string[];
}

/** Inserts the expected users one by one, in ascending order, each in a statement of its own. */
export async function consult(db: TestDatabase, shape: Shape): Promise<Answer> {
  const { told = (refusal) => refusal } = shape;
  const answer: Answer = { tried: await withoutRow(db, shape), inserted: [], refused: [], swallowed: [], left: [] };
  for (const id of answer.tried) {
    try {
      const { rowCount } = await db.postgres.query(shape.insert, [id]);
      (rowCount === 1 ? answer.inserted : answer.swallowed).push(id);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      const { code = '', constraint = null, column = null } = error;
      answer.refused.push(told({ id, code, constraint, column }));
    }
  }
  answer.left = await withoutRow(db, shape);
  return answer;
}

/** Expected users without a row, ascending. */
export async function withoutRow(db: TestDatabase, { config, expected }: Shape): Promise<string[]> {
  const ids = await idsOf(db, expected ?? 'u.deleted_at is null and not u.is_anonymous');
  const keys = await db.query<{ key: string }>(`select ${keyOf(config)}::text as key from ${config.target}`);
  const present = new Set(keys.map(({ key }) => key));
  return ids.filter((id) => !present.has(id));
}

/** The users of whom this is true, over u, ascending. */
export async function idsOf(db: TestDatabase, rule: string): Promise<string[]> {
  const users = await db.query<{ id: string }>(`select u.id from auth.users u where ${rule} order by u.id`);
  return users.map(({ id }) => id);
}

/** The key as SQL. */
export function keyOf({ key = 'id' }: Config): string {
  return `"${key.replaceAll('"', '""')}"`;
}

/** `{ '23505 users_email_key': 1 }` */
export function tallyOf(refusals: readonly Refusal[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { code, constraint, column } of refusals) {
    const name = [code, constraint, column].filter((part) => part !== null).join(' ');
    tally[name] = (tally[name] ?? 0) + 1;
  }
  return tally;
}
