import { readFile } from 'node:fs/promises';
import type { Env } from '../config/env.ts';
import { Fault } from '../fault.ts';
import { parseHttpAddress } from '../http/address.ts';
import type { Port } from '../port.ts';
import { type Address, parseAddress } from '../postgres/address.ts';
import type { Postgres, PostgresOptions } from '../postgres/port.ts';
import type { Asked } from '../reconcile/job.ts';
import { openServer as openAt, open as openWay, refuseOverHttp } from '../run/open.ts';
import type { Flags } from './flags.ts';

/**
 * Opens the way to the database that the environment names, or that `--transport` asks for; `asked` is null for who only reads
 * what others recorded. Throws a Fault.
 */
export async function openDatabase(
  env: Env,
  asked: Pick<Asked, 'config'> | null,
  transport: Flags['transport'],
  options: PostgresOptions,
): Promise<Port> {
  if ((transport ?? transportIn(env)) === 'postgres') return openServer(env, options);
  // What the way cannot do is told before what the environment lacks for it.
  if (asked) refuseOverHttp(asked);
  return openWay({ transport: 'http', address: httpAddressIn(env) }, asked, options);
}

/** Opens a connection to the server itself, for what is no part of the job. Throws a Fault. */
export async function openServer(env: Env, options: PostgresOptions): Promise<Postgres> {
  return openAt(await addressIn(env), options);
}

async function addressIn(env: Env): Promise<Address> {
  if (env.databaseUrl === undefined) {
    throw new Fault('database_url_missing', 'DATABASE_URL is not set', { fix: `${SET_URL}; ${OR_HTTP}` });
  }
  return parseAddress(env.databaseUrl, { rootCert: await rootCert(env) });
}

const SET_URL = 'set it in the environment or in .env; the dashboard shows it under Connect, Session pooler';
const OR_HTTP = 'or, to go over HTTP, set SUPABASE_URL and SUPABASE_SECRET_KEY';

/** HTTP only where nothing else is possible: it needs functions in the database and has no run lock. */
function transportIn({ databaseUrl, supabase }: Env): 'postgres' | 'http' {
  const key = supabase.secretKey ?? supabase.serviceRoleKey;
  return databaseUrl === undefined && supabase.url !== undefined && key !== undefined ? 'http' : 'postgres';
}

function httpAddressIn({ supabase: { url, secretKey, serviceRoleKey } }: Env) {
  const key = secretKey ?? serviceRoleKey;
  if (url !== undefined && key !== undefined) return parseHttpAddress(url, key, { legacy: secretKey === undefined });
  const missing = url === undefined ? 'SUPABASE_URL' : 'SUPABASE_SECRET_KEY';
  throw new Fault('supabase_env_missing', `${missing} is not set, and --transport http needs it`, {
    fix: 'set it in the environment or in .env; the dashboard shows both under Project Settings, Data API and API Keys',
  });
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
