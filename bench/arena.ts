import pg from 'pg';

/** A database of its own for one contestant. */
export interface Arena {
  readonly name: string;
  /** Connection string of the role postgres: what a project has in DATABASE_URL. */
  readonly url: string;
  readonly superuserUrl: string;
  /** Connection string of the role that the auth server works as. */
  readonly authUrl: string;
  /** Rows of one statement, as the superuser. */
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

/** Works with a connection of its own; it is closed whatever happens. */
export async function connected<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The one number that a query answers with. */
export async function numberOf(arena: Arena, sql: string): Promise<number> {
  const [row = {}] = await arena.query(sql);
  return Number(Object.values(row)[0]);
}
