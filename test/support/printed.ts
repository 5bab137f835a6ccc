import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { sql } from '../../src/commands/sql.ts';
import type { SqlKind } from '../../src/sql/kinds.ts';
import type { TestDatabase } from './database.ts';

/** What `userdrift sql` prints for this configuration, in this process; without `url` it has no database to look at. */
export async function printed(kind: SqlKind, config: object, url?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'userdrift-sql-'));
  const file = join(folder, 'userdrift.config.json');
  let text = '';
  try {
    await writeFile(file, JSON.stringify(config));
    const out = (part: string) => {
      text += part;
    };
    await sql(kind, { config: file }, { ...quietTerminal(url === undefined ? {} : { DATABASE_URL: url }), out });
    return text;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Applies printed SQL as a person does, as the role postgres unless `url` is another's; what fails leaves nothing behind. */
export async function apply(db: TestDatabase, text: string, url: string = db.url): Promise<void> {
  await withClient(url, (client) => client.query(text));
}

/** A connection of its own for `work`. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
