import { z } from 'zod';
import { Fault } from '../fault.ts';
import { parseHttpAddress } from '../http/address.ts';
import { parseAddress } from '../postgres/address.ts';
import type { Way } from '../run/open.ts';
import type { Connection } from './options.ts';

const text = z.string().min(1).optional();
const EXPECTED = 'expected { databaseUrl, caCert? } or { supabaseUrl, secretKey }';

/** One of the two ways; what belongs to the other is a fault. */
export const connectionSchema = z
  .strictObject({ databaseUrl: text, caCert: text, supabaseUrl: text, secretKey: text })
  .transform(({ databaseUrl, caCert, supabaseUrl, secretKey }, context): Connection => {
    const direct = databaseUrl !== undefined && supabaseUrl === undefined && secretKey === undefined;
    if (direct) return { databaseUrl, caCert };
    const http = supabaseUrl !== undefined && secretKey !== undefined;
    if (http && databaseUrl === undefined && caCert === undefined) return { supabaseUrl, secretKey };
    context.addIssue({ code: 'custom', message: EXPECTED });
    return z.NEVER;
  });

/** Where the connection leads. Throws a Fault that quotes no secret. */
export function wayOf(connection: Connection): Way {
  try {
    return 'databaseUrl' in connection
      ? {
          transport: 'postgres',
          address: parseAddress(connection.databaseUrl, { rootCert: connection.caCert ?? null }),
        }
      : { transport: 'http', address: parseHttpAddress(connection.supabaseUrl, connection.secretKey) };
  } catch (error) {
    throw error instanceof Fault ? inOurWords(error) : error;
  }
}

/** By these names the environment has them. */
const NAMES = {
  DATABASE_URL: 'databaseUrl',
  DATABASE_CA_CERT: 'caCert',
  PGSSLROOTCERT: 'caCert',
  SUPABASE_URL: 'supabaseUrl',
  SUPABASE_SECRET_KEY: 'secretKey',
} as const;

function inOurWords({ code, message, fix, verdict }: Fault): Fault {
  const renamed = (said: string) =>
    Object.entries(NAMES).reduce((result, [variable, option]) => result.replaceAll(variable, option), said);
  return new Fault(code, renamed(message), { fix: fix && renamed(fix), verdict });
}
