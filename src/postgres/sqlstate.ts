import { type Action, actionOf, PASSING, PLANNED } from '../attempts/action.ts';
import { isPlainName } from '../attempts/plain-name.ts';
import { Fault } from '../fault.ts';
import type { RowFault } from '../port.ts';

export type PoolerTrouble = 'identity' | 'password' | 'blocked' | 'address' | 'tls' | 'database' | 'full';

/** Codes of Node. ENOTFOUND is missing on purpose: a name server that is merely down says EAI_AGAIN. */
const SOCKET_CODES = new Set([
  'EADDRNOTAVAIL',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOBUFS',
  'ENOTCONN',
  'EPIPE',
  'EPROTO',
  'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ETIMEDOUT',
]);

/** pg 8 and pg-pool 3 give these no code. */
const DRIVER_TEXTS =
  /^(Connection terminated|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Received unexpected \w+ message from backend|There was an error establishing an SSL connection)/;

/** Supavisor puts its own code in front of the text of an XX000; older versions and PgBouncer have the text alone. */
const POOLER_TEXTS: readonly (readonly [RegExp, PoolerTrouble])[] = [
  [/^\((ENOTFOUND|ENOIDENTIFIER|EINVALIDUSERINFO|EMULTIPLEUSERS)\)|tenant or user not found/i, 'identity'],
  [/no such user|user not found in the database|there is no user|invalid format for user/i, 'identity'],
  [/^\((EWRONGPASSWORD|EJITUNAUTHORIZED)\)|wrong password|password authentication failed|SASL auth/i, 'password'],
  [/^\(EBANNED\)|too many authentication failures/i, 'blocked'],
  [/^\(EADDRNOTALLOWED\)/, 'address'],
  [/^\(ESSLREQUIRED\)|SSL connection is required|^SSL required/i, 'tls'],
  [/no such database/i, 'database'],
  [/^\((EMAXCONN|EMAXCONNSESSION|EMAXPOOLSREACHED|ECHECKOUTTIMEOUT|ECHECKOUTRETRIES)\)/, 'full'],
  [/max clients? (connections )?reached|no more connections allowed|query_wait_timeout|unable to check ?out/i, 'full'],
];

/** What to do about an error of a statement or a connection. Never throws, whatever was thrown. */
export function classify(error: unknown, context: { sourceForeignKeys?: ReadonlySet<string> } = {}): Action {
  if (error instanceof AggregateError) return classifyAll(error.errors, context);
  if (isOwnMistake(error)) return 'stop';
  if (isSourceForeignKey(error, context.sourceForeignKeys ?? new Set())) return 'retry';
  if (isSocketError(error)) return 'reconnect';
  const code = sqlState(error);
  if (code !== null) return classifyState(code, error);
  return field(error, 'code') === null && DRIVER_TEXTS.test(field(error, 'message') ?? '') ? 'reconnect' : 'stop';
}

/** Node tries every address of a host and throws all failures at once: one that may pass is enough. */
function classifyAll(errors: readonly unknown[], context: Parameters<typeof classify>[1]): Action {
  const actions = errors.map((inner) => classify(inner, context));
  return actions.includes('reconnect') ? 'reconnect' : (actions[0] ?? 'stop');
}

function isOwnMistake(error: unknown): boolean {
  return [Fault, TypeError, RangeError, ReferenceError, SyntaxError].some((kind) => error instanceof kind);
}

function isSocketError(error: unknown): boolean {
  const code = field(error, 'code');
  // A trigger may raise any five characters as its SQLSTATE, 'EPIPE' too; only the server sends a severity.
  if (code === null || field(error, 'severity') !== null) return false;
  // A Unix socket that is not there: the server is being restarted.
  return SOCKET_CODES.has(code) || (code === 'ENOENT' && field(error, 'syscall') === 'connect');
}

function classifyState(code: string, error: unknown): Action {
  if (isRaised(error) && !PASSING.includes(code)) return 'row';
  if (isOfATrigger(code, error)) return 'row';
  const trouble = poolerTrouble(error);
  if (trouble !== null) return trouble === 'full' ? 'reconnect' : 'stop';
  if (code === 'XX000') return classifyInternal(error);
  return actionOf(code);
}

/** Poolers end the connection with XX000; as a mere ERROR it comes from a function in C and is about a row. */
function classifyInternal(error: unknown): Action {
  return field(error, 'severity') === 'ERROR' ? 'row' : 'reconnect';
}

/** What a connection pooler complains of, when the error is one of its own. */
export function poolerTrouble(error: unknown): PoolerTrouble | null {
  const code = sqlState(error);
  // The text of an XX000 that is a mere ERROR may be anybody's; old PgBouncers send their 08P01 as ERROR, though.
  const own = code === 'XX000' ? field(error, 'severity') !== 'ERROR' : code?.startsWith('08');
  if (!own) return null;
  const text = field(error, 'message') ?? '';
  return POOLER_TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** The user was deleted between the read and the write: the same statement, sent again, no longer selects them. */
export function isSourceForeignKey(error: unknown, constraints: ReadonlySet<string>): boolean {
  return sqlState(error) === '23503' && constraints.has(field(error, 'constraint') ?? '');
}

/** The SQLSTATE of an error that came from a server, else null. */
export function sqlState(error: unknown): string | null {
  const code = field(error, 'code');
  return code !== null && /^[0-9A-Z]{5}$/.test(code) && !isSocketError(error) ? code : null;
}

/** What may be told of a row that failed: no text of the server, which quotes the values of the row. */
export function faultOf(error: unknown): RowFault {
  return {
    code: sqlState(error) ?? 'unknown',
    constraint: identifier(error, 'constraint'),
    column: identifier(error, 'column'),
  };
}

/** An error as a log may show it: message, detail, hint, where and query can hold personal data and are not among it. */
export function scrub(error: unknown): Record<string, string> {
  const names = ['name', 'code', 'severity', 'constraint', 'column', 'table', 'schema', 'routine'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = identifier(error, name);
      return value === null ? [] : [[name, value]];
    }),
  );
}

/** A trigger may raise any code, "the disk is full" too: that is about its row, not about the server. */
function isRaised(error: unknown): boolean {
  return field(error, 'severity') === 'ERROR' && RAISED.test(field(error, 'routine') ?? '');
}

/** A statement inside a trigger failed as no statement of ours can, which were planned before the first write. */
function isOfATrigger(code: string, error: unknown): boolean {
  return field(error, 'severity') === 'ERROR' && field(error, 'where') !== null && OF_A_TRIGGER.test(code);
}

const OF_A_TRIGGER = new RegExp(PLANNED);

/** Where a procedural language raised the error itself: it can put any text, a mail too, in place of a name. */
const RAISED = /^(exec_stmt_raise|PLy_|plperl|pltcl|plv8)/i;

/** A name as the server gives it: not too long for one, without control characters, and not made up by a trigger. */
function identifier(error: unknown, name: string): string | null {
  if (NAMED.has(name) && RAISED.test(field(error, 'routine') ?? '')) return null;
  // A trigger may make a table for itself, and name what is in it after a person.
  if (NAMED.has(name) && name !== 'schema' && field(error, 'schema')?.startsWith('pg_temp')) return null;
  const value = field(error, name);
  return value !== null && isPlainName(value) ? value : null;
}

const NAMED = new Set(['constraint', 'column', 'table', 'schema']);

function field(error: unknown, name: string): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'string' ? value : null;
}
