import { readFile } from 'node:fs/promises';
import type { Env } from '../config/env.ts';
import { Fault } from '../fault.ts';
import type { Port } from '../port.ts';
import { parseAddress } from '../postgres/address.ts';
import { openPostgres, type Postgres, type PostgresOptions } from '../postgres/port.ts';

/** Opens the way to the database that the environment names. Throws a Fault. */
export async function openDatabase(env: Env, options: PostgresOptions): Promise<Port> {
  return openByUrl(env, options);
}

/** Opens the connection that DATABASE_URL names, for what no other way can tell. Throws a Fault. */
export async function openByUrl(env: Env, options: PostgresOptions): Promise<Postgres> {
  if (env.databaseUrl === undefined) {
    throw new Fault('database_url_missing', 'DATABASE_URL is not set', {
      fix: 'set it in the environment or in .env; the dashboard shows it under Connect, Session pooler',
    });
  }
  return openPostgres(parseAddress(env.databaseUrl, { rootCert: await rootCert(env) }), options);
}

async function rootCert({ caCert, caFile }: Env): Promise<string | null> {
  if (caCert !== undefined || caFile === undefined) return caCert ?? null;
  try {
    return await readFile(caFile, 'utf8');
  } catch (error) {
    throw new Fault('ca_file_unreadable', 'the file that PGSSLROOTCERT names cannot be read', {
      fix: "give the path of the project's certificate, or its text in DATABASE_CA_CERT",
      cause: error,
    });
  }
}
