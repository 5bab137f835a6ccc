import { Fault } from '../fault.ts';
import { type Address, isDirectHost } from './address.ts';
import { type PoolerTrouble, poolerTrouble, sqlState } from './sqlstate.ts';

type Target = Pick<Address, 'host' | 'port' | 'user' | 'database' | 'style'>;

/** `at` is the target as `host:port`. */
type Account = (to: Target, at: string) => { code: string; message: string; fix: string };

const OWN_CA =
  'download the certificate of the project (dashboard: Database Settings, SSL Configuration) and set PGSSLROOTCERT to the file or DATABASE_CA_CERT to its text';

const unresolved: Account = (to, at) =>
  isDirectHost(to.host)
    ? noIPv6(to, at)
    : { code: 'host_not_found', message: `no such host: ${at}`, fix: 'check the host in DATABASE_URL' };

const noIPv6: Account = (_to, at) => ({
  code: 'direct_host_unreachable',
  message: `cannot reach ${at}: direct hosts of Supabase have IPv6 addresses only, and this machine seems to have none`,
  fix: 'use the session pooler string (dashboard: Connect, Session pooler); if that fails too, see whether the project is paused',
});

const unreachable: Account = (to, at) =>
  isDirectHost(to.host)
    ? noIPv6(to, at)
    : { code: 'host_unreachable', message: `no route to ${at}`, fix: 'check the network and the host in DATABASE_URL' };

const refused: Account = (_to, at) => ({
  code: 'connection_refused',
  message: `nothing listens at ${at}`,
  fix: 'check host and port in DATABASE_URL, and that the database is running',
});

const timedOut: Account = (to, at) => ({
  code: 'connection_timeout',
  message: `no answer from ${at} in time`,
  fix: isDirectHost(to.host)
    ? 'use the session pooler string if this machine has no IPv6 (dashboard: Connect); else check firewalls and network restrictions'
    : 'check host and port in DATABASE_URL, firewalls and the network restrictions of the project',
});

const closed: Account = (_to, at) => ({
  code: 'connection_closed',
  message: `${at} closed the connection before the log-in was done`,
  fix: 'check host and port in DATABASE_URL and the network restrictions of the project; the log of the server may say more',
});

const untrusted: Account = (_to, at) => ({
  code: 'tls_untrusted',
  message: `the certificate of ${at} comes from a CA that is not trusted here`,
  fix: OWN_CA,
});

const wrongName: Account = (_to, at) => ({
  code: 'tls_wrong_host',
  message: `the certificate of ${at} was issued for another host`,
  fix: 'use the host name from the connection string of the provider, not an alias, a tunnel or an IP address',
});

const expired: Account = (_to, at) => ({
  code: 'tls_expired',
  message: `the certificate of ${at}, or of its CA, has expired or is not valid yet`,
  fix: `check the clock of this machine; else ${OWN_CA}`,
});

const noTls: Account = (_to, at) => ({
  code: 'tls_unsupported',
  message: `${at} does not offer TLS, and userdrift sends no password without it`,
  fix: 'turn on ssl on the server; only on this machine itself may a connection go without (sslmode=disable)',
});

const tlsRequired: Account = (_to, at) => ({
  code: 'tls_required',
  message: `${at} accepts TLS connections only`,
  fix: `add sslmode=verify-full to DATABASE_URL; if the certificate is then not trusted, ${OWN_CA}`,
});

const tlsFailed: Account = (_to, at) => ({
  code: 'tls_failed',
  message: `the TLS handshake with ${at} failed`,
  fix: 'check that host and port belong to a PostgreSQL server or its pooler, and nothing in between alters the traffic',
});

const wrongPassword: Account = (to, at) => ({
  code: 'wrong_password',
  message: `wrong password, or no such user: ${shown(to.user)} at ${at}`,
  fix: `${userForm(to)}; in the password of DATABASE_URL, percent-encode special characters, or reset it in the dashboard`,
});

const noPassword: Account = (to, at) => ({
  code: 'password_missing',
  message: `${at} asks for the password of ${shown(to.user)}, and DATABASE_URL has none`,
  fix: 'add it: postgresql://user:password@host:5432/postgres, with special characters percent-encoded',
});

const unknownUser: Account = (to, at) => ({
  code: 'unknown_user',
  message: `the pooler at ${at} knows no project or user for ${shown(to.user)}`,
  fix: `${userForm(to)}; check the region in the host, and that the project is not paused`,
});

const rejected: Account = (to, at) => ({
  code: 'login_rejected',
  message: `${at} does not let ${shown(to.user)} log in to ${shown(to.database)} from here`,
  fix: 'the role needs LOGIN, and pg_hba.conf or the network restrictions must allow this machine',
});

const impostor: Account = (_to, at) => ({
  code: 'server_not_authentic',
  message: `the server at ${at} does not know the password itself, so it is not the one it claims to be`,
  fix: 'check the host in DATABASE_URL and what stands between it and this machine',
});

const poolerFailed: Account = (_to, at) => ({
  code: 'pooler_failed',
  message: `${at} took the connection and could not pass it on to the database`,
  fix: 'run it again in some minutes; if it stays so, see the logs of the pooler and whether the project is paused',
});

const unsupportedLogin: Account = (_to, at) => ({
  code: 'login_method',
  message: `${at} asks for a way to log in that is not supported, or broke it off`,
  fix: 'use a role with a SCRAM-SHA-256 password',
});

const unknownDatabase: Account = (to, at) => ({
  code: 'unknown_database',
  message: `there is no database ${shown(to.database)} at ${at}`,
  fix: 'on Supabase it is postgres: end DATABASE_URL with /postgres',
});

const noConnect: Account = (to) => ({
  code: 'connect_denied',
  message: `${shown(to.user)} may not connect to the database ${shown(to.database)}`,
  fix: 'grant connect on this database to the role',
});

const full: Account = (to, at) => ({
  code: 'too_many_connections',
  message: `no connection is free at ${at}`,
  fix:
    to.style === 'session pooler'
      ? 'a run that writes needs two, for the run lock and the work: raise the pool size, or use port 6543'
      : 'a run that writes needs two, for the run lock and the work: close other clients',
});

const blocked: Account = (_to, at) => ({
  code: 'login_blocked',
  message: `${at} blocks log-ins for now, after too many failed ones or because the project is banned`,
  fix: 'correct the password first, wait some minutes, then see the network bans in the dashboard (Database Settings)',
});

const notAllowed: Account = (_to, at) => ({
  code: 'address_not_allowed',
  message: `${at} does not accept connections from the address of this machine`,
  fix: 'allow it in the dashboard: Database Settings, Network Restrictions',
});

const starting: Account = (_to, at) => ({
  code: 'database_starting',
  message: `the database at ${at} is starting up or shutting down`,
  fix: 'run it again in a minute',
});

const BY_POOLER: Readonly<Record<PoolerTrouble, Account>> = {
  identity: unknownUser,
  password: wrongPassword,
  blocked,
  address: notAllowed,
  tls: tlsRequired,
  database: unknownDatabase,
  full,
};

const BY_CODE: ReadonlyMap<string, Account> = new Map([
  ['28P01', wrongPassword],
  ['28000', rejected],
  ['3D000', unknownDatabase],
  ['42501', noConnect],
  ['53300', full],
  ['57P03', starting],
  ['ENOTFOUND', unresolved],
  ['EAI_AGAIN', unresolved],
  ['EAI_NODATA', unresolved],
  ['ENETUNREACH', unreachable],
  ['EHOSTUNREACH', unreachable],
  ['EADDRNOTAVAIL', unreachable],
  ['ECONNREFUSED', refused],
  ['ENOENT', refused],
  ['ETIMEDOUT', timedOut],
  ['ECONNRESET', closed],
  ['EPIPE', closed],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['CERT_SIGNATURE_FAILURE', untrusted],
  ['CERT_UNTRUSTED', untrusted],
  ['INVALID_CA', untrusted],
  ['ERR_TLS_CERT_ALTNAME_INVALID', wrongName],
  ['HOSTNAME_MISMATCH', wrongName],
  ['CERT_HAS_EXPIRED', expired],
  ['CERT_NOT_YET_VALID', expired],
  ['EPROTO', tlsFailed],
]);

/** The driver's own errors have no code; the first pattern that fits decides. */
const BY_TEXT: readonly (readonly [RegExp, Account])[] = [
  [/^The server does not support SSL connections/, noTls],
  [/^There was an error establishing an SSL connection/, tlsFailed],
  [/^timeout e|^Connection terminated due to connection timeout/, timedOut],
  [/^Connection terminated/, closed],
  [/^SASL: .*client password must be/, noPassword],
  [/^SASL: .*server signature does not match/, impostor],
  [/^SASL/, unsupportedLogin],
];

/**
 * Says in one line why no connection came about, and what to do; null for an error that is about something else.
 * It names host, port, user and database, and never a password or a text of the server.
 */
export function connectionFault(error: unknown, target: Target): Fault | null {
  if (error instanceof AggregateError) return connectionFault(mostTelling(error.errors), target);
  const account = accountOf(error);
  if (account === null) return null;
  const { code, message, fix } = account(target, endpoint(target));
  return new Fault(code, message, { fix, cause: error });
}

function accountOf(error: unknown): Account | null {
  if (!(error instanceof Error)) return null;
  const trouble = poolerTrouble(error);
  if (trouble !== null) return BY_POOLER[trouble];
  const code = 'code' in error && typeof error.code === 'string' ? error.code : null;
  if (code === null) return BY_TEXT.find(([pattern]) => pattern.test(error.message))?.[1] ?? null;
  // A socket that is not there; any other file has nothing to do with the connection.
  if (code === 'ENOENT' && Reflect.get(error, 'syscall') !== 'connect') return null;
  // pg_hba.conf refuses a connection without TLS under the same code as any other.
  if (code === '28000' && /no encryption|SSL off/.test(error.message)) return tlsRequired;
  return BY_CODE.get(code) ?? byFamily(code, sqlState(error));
}

function byFamily(code: string, state: string | null): Account | null {
  if (state?.startsWith('28')) return rejected;
  if (state === 'XX000' || state?.startsWith('08')) return poolerFailed;
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') ? tlsFailed : null;
}

/** Of the failures for each address of a host: a machine without IPv6 is only the reason if IPv4 failed likewise. */
function mostTelling(errors: readonly unknown[]): unknown {
  const noRoute = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL']);
  const routed = errors.find((error) => error instanceof Error && !noRoute.has(String(Reflect.get(error, 'code'))));
  return routed ?? errors[0];
}

function userForm(target: Target): string {
  if (target.host.endsWith('.pooler.supabase.com'))
    return 'on the pooler the user is role.<project ref>, such as postgres.abcdefghijklmnopqrst';
  if (isDirectHost(target.host)) return 'on the direct host the user is the role alone, such as postgres';
  return 'check the user';
}

function endpoint({ host, port }: Target): string {
  return shown(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
}

/** A name from the URL on one line: no control, format or line separator characters, and not without end. */
function shown(name: string): string {
  const escaped = name.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
  return escaped.length > 120 ? `${escaped.slice(0, 120)}…` : escaped;
}
