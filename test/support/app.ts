import type { TestDatabase } from './database.ts';

/** Makes the app's own table, owned by postgres. */
export async function createTable(db: TestDatabase, columns: string, name = 'public.users'): Promise<void> {
  await db.queryAsPostgres(`create table ${name} (${columns})`);
}

/** The columns that most apps have; `bio` and `joined` are the app's own business. */
export const PLAIN_COLUMNS = `
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  full_name text,
  bio text,
  joined timestamptz not null default clock_timestamp()`;

/** A mapping for `PLAIN_COLUMNS`. */
export const PLAIN_CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', full_name: `u.raw_user_meta_data->>'full_name'` },
} as const;

/** The ids in a table of the app, sorted. */
export async function idsIn(db: TestDatabase, table = 'public.users', key = 'id'): Promise<string[]> {
  const rows = await db.query<{ id: string }>(`select ${key}::text as id from ${table} order by 1`);
  return rows.map(({ id }) => id);
}

/** One hash over all rows of a table as they are stored: an update that changes nothing changes it all the same. */
export async function fingerprint(db: TestDatabase, table = 'public.users', where = 'true'): Promise<string> {
  const [row] = await db.query<{ hash: string }>(
    `select md5(coalesce(string_agg(concat(t.ctid, t.xmin, t.xmax, t::text), e'\\n' order by t.ctid), '')) as hash
     from ${table} t where ${where}`,
  );
  return row?.hash ?? '';
}

/** Waits until the statement returns a row; fails loudly when it never does. */
export async function until(db: TestDatabase, sql: string, values: unknown[] = [], ms = 15_000): Promise<void> {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    if ((await db.query(sql, values)).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`still nothing after ${ms} ms: ${sql}`);
}
