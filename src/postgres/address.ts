import { isIP, isIPv6 } from 'node:net';
import type { ClientConfig } from 'pg';
import { Fault } from '../fault.ts';
import type { Note } from '../report.ts';
import { type Parameters, tlsOf } from './tls.ts';

export type Style = 'direct' | 'session pooler' | 'transaction pooler' | 'unknown';

/** Where a connection goes. Only `config` knows the password, and only as a function: it survives no log and no JSON. */
export interface Address {
  config: Pick<ClientConfig, 'host' | 'port' | 'user' | 'database' | 'password' | 'ssl' | 'sslnegotiation'>;
  /** A name, an IP address without brackets, or the directory of a Unix socket. */
  host: string;
  port: number;
  user: string;
  database: string;
  style: Style;
  notes: Note[];
}

const ENCODING = 'percent-encode it: @ is %40, # is %23, / is %2F, ? is %3F, : is %3A, % is %25';
const PLACEHOLDER = /(?:\[|%5B)YOUR[-_ ][A-Z-_ ]+(?:\]|%5D)/i;
// Stricter than RFC 3986 on purpose: one raw @, before any / or ?, and no #. Whatever else is there came from a password.
const SHAPE = /^[a-z]+:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^@#]*))?$/i;
const READ = new Set(['host', 'port', 'pgbouncer', 'ssl', 'sslmode', 'sslrootcert']);

/**
 * Reads DATABASE_URL; a missing database name means `postgres`. Throws a Fault, which never quotes the URL or its password.
 *
 * TLS is verify-full for every host but this machine's own, where it is off unless `sslmode` asks for it. It is parsed
 * here because what `sslmode=require` checks differs between the versions of the driver. `rootCert` is PEM text.
 */
export function parseAddress(databaseUrl: string, tls: { rootCert: string | null }): Address {
  const url = databaseUrl.trim();
  refuseLookalikes(url);
  const [, userInfo = '', authority = '', path = '', query = ''] = SHAPE.exec(url) ?? unescaped();
  const parameters = parametersOf(query);
  const { user, password } = credentialsOf(userInfo);
  const { host, port } = endpointOf(authority, parameters);
  // libpq falls back to the user's name, but Supabase has no database of that name.
  const database = decode(path) || 'postgres';
  const ssl = tlsOf(host, parameters, tls.rootCert);
  return {
    // `sslnegotiation` is given so that the driver does not look for PGSSLNEGOTIATION.
    config: { host, port, user, database, password: () => password, ssl, sslnegotiation: 'postgres' },
    host,
    port,
    user,
    database,
    style: styleOf(host, port, parameters),
    notes: [...bracketNotes(userInfo), ...parameterNotes(parameters)],
  };
}

function refuseLookalikes(url: string): void {
  if (url === '') {
    throw new Fault('database_url_missing', 'DATABASE_URL is empty', { fix: 'copy it from the dashboard: Connect' });
  }
  if (/^["'`]/.test(url)) {
    throw new Fault('database_url_quoted', 'DATABASE_URL starts with a quote', { fix: 'remove the quotes around it' });
  }
  if (/^https?:/i.test(url)) {
    throw new Fault('database_url_is_api_url', 'DATABASE_URL holds a web address', {
      fix: 'that is SUPABASE_URL; DATABASE_URL starts with postgresql://',
    });
  }
  if (!/^postgres(ql)?:\/\//i.test(url)) {
    throw new Fault('database_url_scheme', 'DATABASE_URL does not start with postgresql://', {
      fix: 'it has the form postgresql://user:password@host:5432/postgres; the dashboard shows it under Connect',
    });
  }
  if (PLACEHOLDER.test(url)) {
    throw new Fault('database_url_placeholder', 'DATABASE_URL still has a placeholder such as [YOUR-PASSWORD]', {
      fix: 'put the real value in its place, brackets included; in a password, percent-encode special characters',
    });
  }
}

function unescaped(): never {
  throw new Fault('database_url_unescaped', 'DATABASE_URL has an unescaped special character, likely in the password', {
    fix: ENCODING,
  });
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text);
    // PostgreSQL ends every string of the start-up message at a NUL.
    return decoded.includes('\0') ? unescaped() : decoded;
  } catch {
    return unescaped();
  }
}

function parametersOf(query: string): Parameters {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decode(name).toLowerCase(), decode(value.join('='))];
    }),
  );
}

function credentialsOf(userInfo: string): { user: string; password: string } {
  const [name = '', ...password] = userInfo.split(':');
  const user = decode(name);
  if (user === '') {
    throw new Fault('database_url_user', 'DATABASE_URL names no user', {
      fix: 'it has the form postgresql://user:password@host:5432/postgres',
    });
  }
  return { user, password: decode(password.join(':')) };
}

function endpointOf(authority: string, parameters: Parameters): { host: string; port: number } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(authority);
  const [, name = '', port = ''] = bracketed ?? /^([^:]*)(?::(.*))?$/s.exec(authority) ?? [];
  if (bracketed && !isIPv6(name)) throw notAHost();
  return {
    host: hostOf(parameters.get('host') ?? decode(name)),
    port: portOf(parameters.get('port') ?? port),
  };
}

function notAHost(): Fault {
  return new Fault('database_url_host', 'the host in DATABASE_URL is not a host name', {
    fix: `if a part of the password got there, ${ENCODING}`,
  });
}

function hostOf(host: string): string {
  if (host.startsWith('/')) return host;
  if (host === '') {
    throw new Fault('database_url_host', 'DATABASE_URL names no host', {
      fix: 'it has the form postgresql://user:password@host:5432/postgres',
    });
  }
  if (host.includes(',')) {
    throw new Fault('database_url_host', 'DATABASE_URL names several hosts', { fix: 'name the primary alone' });
  }
  if (!isIP(host) && !/^[a-z0-9._-]+$/i.test(host)) throw notAHost();
  return host.toLowerCase();
}

/** Never quotes the text: in `postgresql://user:password/db` it is the password. */
function portOf(text: string): number {
  const port = text === '' ? 5432 : Number(text);
  if (/^\d*$/.test(text) && port >= 1 && port <= 65535) return port;
  throw new Fault('database_url_port', 'the port in DATABASE_URL is not a number from 1 to 65535', {
    fix: 'after the password comes @host:port; an IPv6 host stands in square brackets',
  });
}

/** By the documented endpoints of Supabase. What is wrongly taken for a transaction pooler still works, only slower. */
function styleOf(host: string, port: number, parameters: Parameters): Style {
  if (port === 6543 || parameters.get('pgbouncer') === 'true') return 'transaction pooler';
  if (host.endsWith('.pooler.supabase.com')) return 'session pooler';
  return isDirectHost(host) ? 'direct' : 'unknown';
}

/** The project's own host: reachable over IPv6 only, unless the project has the IPv4 add-on. */
export function isDirectHost(host: string): boolean {
  return /^db\.[^.]+\.supabase\.(co|in)$/.test(host);
}

function bracketNotes(userInfo: string): Note[] {
  if (!/:\[.*\]$/s.test(userInfo)) return [];
  return [
    {
      code: 'database_url_brackets',
      message: 'the password in DATABASE_URL stands in square brackets',
      fix: 'remove them if they are left from [YOUR-PASSWORD]; if they belong to the password, write %5B and %5D',
    },
  ];
}

function parameterNotes(parameters: Parameters): Note[] {
  const notes: Note[] = [];
  if (parameters.get('pgbouncer') === 'true') {
    notes.push({
      code: 'database_url_pgbouncer',
      message: 'pgbouncer=true in DATABASE_URL is a flag for Prisma; taken as: this is a transaction pooler',
      fix: null,
    });
  }
  if (parameters.has('sslrootcert') && parameters.get('sslrootcert') !== 'system') {
    notes.push({
      code: 'database_url_sslrootcert',
      message: 'sslrootcert in DATABASE_URL is not read',
      fix: 'set PGSSLROOTCERT to the file, or DATABASE_CA_CERT to its text',
    });
  }
  return [...notes, ...ignoredNotes([...parameters.keys()].filter((name) => !READ.has(name)))];
}

/** `options` and `application_name` are among them: poolers refuse or drop what comes with the start-up message. */
function ignoredNotes(names: string[]): Note[] {
  if (names.length === 0) return [];
  const plain = names.filter((name) => /^[a-z_]{1,40}$/.test(name));
  const listed = plain.length > 0 ? `: ${plain.join(', ')}` : '';
  return [
    {
      code: 'database_url_parameters_ignored',
      message: `parameters in DATABASE_URL are ignored${listed}`,
      fix: 'remove them; sslmode, pgbouncer, host and port are read',
    },
  ];
}
