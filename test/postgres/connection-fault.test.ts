import { once } from 'node:events';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { type Address, parseAddress } from '../../src/postgres/address.ts';
import { connectionFault } from '../../src/postgres/connection-fault.ts';
import { classify } from '../../src/postgres/sqlstate.ts';
import { makeAuthority, makeServerCertificate } from '../support/certificate.ts';
import { listen, type Manners } from '../support/tls-server.ts';

const CANARY = 'canary-7Hq2';
const read = (rest: string, rootCert: string | null = null) =>
  parseAddress(`postgresql://u:${CANARY}@${rest}`, { rootCert });
const direct = read('db.abcdefgh.supabase.co:5432/postgres');
const pooler = read('aws-1-eu-west-1.pooler.supabase.com:5432/postgres');
const other = read('db.example.org:5433/app');
const node = (code: string, fields: object = {}) => Object.assign(new Error(`text ${CANARY}`), { code, ...fields });
const server = (code: string, message = `text ${CANARY}`) =>
  Object.assign(new Error(message), { code, severity: 'FATAL', detail: CANARY });

function told(error: unknown, address: Address): Fault {
  const fault = connectionFault(error, address);
  if (fault === null) throw new Error('no fault');
  expect(fault.cause).toBeInstanceOf(Error);
  for (const text of [fault.message, fault.fix]) {
    expect(text).not.toContain(CANARY);
    expect(text).not.toMatch(/NODE_TLS_REJECT_UNAUTHORIZED|no-verify|rejectUnauthorized/);
    expect(text).toMatch(/^[^\n]+$/);
  }
  return fault;
}

describe('by the code of the error', () => {
  test.each([
    ['28P01', 'wrong_password'],
    ['28000', 'login_rejected'],
    ['28P02', 'login_rejected'],
    ['3D000', 'unknown_database'],
    ['42501', 'connect_denied'],
    ['53300', 'too_many_connections'],
    ['57P03', 'database_starting'],
    ['08P01', 'pooler_failed'],
    ['XX000', 'pooler_failed'],
  ])('SQLSTATE %s: %s', (code, expected) => {
    expect(told(server(code), other).code).toBe(expected);
  });

  test.each([
    ['ENOTFOUND', 'host_not_found', 'direct_host_unreachable'],
    ['EAI_AGAIN', 'host_not_found', 'direct_host_unreachable'],
    ['ENETUNREACH', 'host_unreachable', 'direct_host_unreachable'],
    ['EHOSTUNREACH', 'host_unreachable', 'direct_host_unreachable'],
    ['ECONNREFUSED', 'connection_refused', 'connection_refused'],
    ['ETIMEDOUT', 'connection_timeout', 'connection_timeout'],
    ['ECONNRESET', 'connection_closed', 'connection_closed'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls_untrusted', 'tls_untrusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_untrusted', 'tls_untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_untrusted', 'tls_untrusted'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls_untrusted', 'tls_untrusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_wrong_host', 'tls_wrong_host'],
    ['CERT_HAS_EXPIRED', 'tls_expired', 'tls_expired'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed', 'tls_failed'],
  ])('%s: %s, on a direct host %s', (code, elsewhere, onDirect) => {
    expect(told(node(code), other).code).toBe(elsewhere);
    expect(told(node(code), direct).code).toBe(onDirect);
  });

  test('a missing socket is a refusal, a missing file is none of it', () => {
    const socket = parseAddress('postgresql://u@/postgres?host=/tmp', { rootCert: null });
    expect(told(node('ENOENT', { syscall: 'connect' }), socket).message).toBe('nothing listens at /tmp:5432');
    expect(connectionFault(node('ENOENT', { syscall: 'open' }), socket)).toBe(null);
  });

  test('pg_hba.conf wants TLS', () => {
    const text = 'no pg_hba.conf entry for host "1.2.3.4", user "u", database "app", no encryption';
    expect(told(server('28000', text), other).code).toBe('tls_required');
    expect(told(server('28000', text.replace('no encryption', 'SSL off')), other).code).toBe('tls_required');
    expect(told(server('28000', text.replace('no encryption', 'SSL encryption')), other).code).toBe('login_rejected');
  });
});

test.each([
  ['timeout expired', 'connection_timeout'],
  ['timeout exceeded when trying to connect', 'connection_timeout'],
  ['Connection terminated due to connection timeout', 'connection_timeout'],
  ['Connection terminated unexpectedly', 'connection_closed'],
  ['The server does not support SSL connections', 'tls_unsupported'],
  ['There was an error establishing an SSL connection', 'tls_failed'],
  ['SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string', 'password_missing'],
  ['SASL: SCRAM-SERVER-FINAL-MESSAGE: server signature does not match', 'server_not_authentic'],
  ['SASL: Only mechanism(s) SCRAM-SHA-256 are supported', 'login_method'],
])('the driver says "%s": %s', (text, code) => {
  expect(told(new Error(text), other).code).toBe(code);
});

test.each([
  ['Tenant or user not found', 'unknown_user'],
  ['(ENOTFOUND) tenant/user postgres.canary-7Hq2 not found', 'unknown_user'],
  ['(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)', 'unknown_user'],
  ['Wrong password', 'wrong_password'],
  ['(ESSLREQUIRED) SSL connection is required for user: canary-7Hq2', 'tls_required'],
  [
    '(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15',
    'too_many_connections',
  ],
  [
    '(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Session mode',
    'too_many_connections',
  ],
  ['(EADDRNOTALLOWED) address not in tenant allow_list: {1, 2, 3, 4}', 'address_not_allowed'],
  ['(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked', 'login_blocked'],
  ['(EDBHANDLEREXITED) DbHandler exited. Check logs for more information', 'pooler_failed'],
])('the pooler says "%s": %s', (text, code) => {
  expect(told(server('XX000', text), pooler).code).toBe(code);
});

describe('the fix', () => {
  test('for a direct host is the session pooler', () => {
    expect(told(node('ENETUNREACH'), direct).fix).toMatch(/session pooler string/i);
    expect(told(node('ENETUNREACH'), direct).message).toMatch(/IPv6 addresses only/);
    expect(told(node('ENOTFOUND'), other).fix).not.toMatch(/pooler/);
  });

  test('for a log-in is the form of the user', () => {
    expect(told(server('28P01'), pooler).fix).toMatch(/role\.<project ref>/);
    expect(told(server('XX000', 'Tenant or user not found'), pooler).fix).toMatch(/role\.<project ref>/);
    expect(told(server('28P01'), direct).fix).toMatch(/the role alone/);
    expect(told(server('28P01'), other).fix).toMatch(/^check the user; .*percent-encode/);
  });

  test('for a private CA is its certificate', () => {
    expect(told(node('SELF_SIGNED_CERT_IN_CHAIN'), direct).fix).toMatch(
      /SSL Configuration.*PGSSLROOTCERT.*DATABASE_CA_CERT/,
    );
  });
});

describe('several addresses', () => {
  test('where IPv4 failed too, its failure is told', () => {
    const both = new AggregateError([node('ENETUNREACH'), node('ECONNREFUSED')]);
    expect(told(both, other).code).toBe('connection_refused');
    expect(told(new AggregateError(both.errors.toReversed()), other).code).toBe('connection_refused');
  });

  test('where all are out of reach, that is told', () => {
    expect(told(new AggregateError([node('ENETUNREACH'), node('EHOSTUNREACH')]), direct).code).toBe(
      'direct_host_unreachable',
    );
  });

  test('none at all is not ours', () => {
    expect(connectionFault(new AggregateError([]), other)).toBe(null);
  });
});

test('names are shown on one line, escaped and cut', () => {
  const user = `a\nb\u202e\u0007${'x'.repeat(500)}`;
  const fault = told(server('28P01'), { ...other, user });
  expect(fault.message).toContain(String.raw`a\u{a}b\u{202e}\u{7}xxx`);
  expect(fault.message.length).toBeLessThan(300);
  expect(told(server('3D000'), { ...other, host: '::1' }).message).toBe('there is no database app at [::1]:5433');
});

test.each([
  new TypeError('text'),
  server('40001'),
  new Fault('x', 'y'),
  null,
  'Connection terminated',
  new Error('text'),
])('what is about something else is not ours: %s', (error) => {
  expect(connectionFault(error, other)).toBe(null);
});

describe('over the network', () => {
  const authority = makeAuthority('Test Root');
  const forLocalhost = makeServerCertificate('localhost', authority);
  const wrongPassword = { S: 'FATAL', C: '28P01', M: `password authentication failed for user "${CANARY}"` };

  /** What a real connection of the driver to such a server ends with. */
  async function failure(manners: Partial<Manners>, rest: string, rootCert: string | null) {
    await using lone = await listen({ certificate: forLocalhost, answer: wrongPassword, ...manners });
    const address = read(rest.replace('PORT', String(lone.port)), rootCert);
    return { error: await connectError(address), address };
  }

  async function connectError(address: Address): Promise<unknown> {
    const client = new pg.Client({ ...address.config, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    return client.connect().then(
      () => new Error('connected'),
      (error: unknown) => error,
    );
  }

  const verified = 'localhost:PORT/postgres?sslmode=require';

  test('a certificate that is right gets as far as the password', async () => {
    const { error, address } = await failure({}, verified, authority.pem);
    expect(told(error, address).code).toBe('wrong_password');
    expect(classify(error)).toBe('stop');
    expect(inspect({ message: told(error, address).message, address }, { depth: 9 })).not.toContain(CANARY);
  });

  test('no CA given', async () => {
    const { error, address } = await failure({}, verified, null);
    expect(told(error, address).code).toBe('tls_untrusted');
    expect(classify(error)).toBe('stop');
  });

  test('another CA given', async () => {
    const { error, address } = await failure({}, verified, makeAuthority('Other Root').pem);
    expect(told(error, address).code).toBe('tls_untrusted');
  });

  test('a server that signs for itself', async () => {
    const { error, address } = await failure({ certificate: makeAuthority('localhost') }, verified, authority.pem);
    expect(told(error, address).code).toBe('tls_untrusted');
  });

  test('a certificate for another host', async () => {
    const certificate = makeServerCertificate('db.example.org', authority);
    const { error, address } = await failure({ certificate }, verified, authority.pem);
    expect(told(error, address).code).toBe('tls_wrong_host');
    expect(classify(error)).toBe('stop');
  });

  test('a certificate for a name, reached by IP address', async () => {
    const { error, address } = await failure({}, '127.0.0.1:PORT/postgres?sslmode=require', authority.pem);
    expect(told(error, address).code).toBe('tls_wrong_host');
  });

  test('a certificate that has expired', async () => {
    const certificate = makeServerCertificate('localhost', authority, -1);
    const { error, address } = await failure({ certificate }, verified, authority.pem);
    expect(told(error, address).code).toBe('tls_expired');
    expect(classify(error)).toBe('stop');
  });

  test('no TLS', async () => {
    const { error, address } = await failure({ certificate: null }, verified, authority.pem);
    expect(told(error, address).code).toBe('tls_unsupported');
    expect(classify(error)).toBe('stop');
  });

  test('a pooler that wants TLS', async () => {
    const answer = { S: 'FATAL', C: 'XX000', M: `(ESSLREQUIRED) SSL connection is required for user: ${CANARY}` };
    const { error, address } = await failure({ answer }, 'localhost:PORT/postgres', null);
    expect(told(error, address).code).toBe('tls_required');
    expect(classify(error)).toBe('stop');
  });

  test('a server that hangs up', async () => {
    const { error, address } = await failure({ answer: 'close' }, verified, authority.pem);
    expect(told(error, address).code).toBe('connection_closed');
    expect(classify(error)).toBe('reconnect');
  });

  test('nobody there', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    const address = read(`localhost:${port}/postgres`);
    const error = await connectError(address);
    expect(told(error, address).code).toBe('connection_refused');
    expect(classify(error)).toBe('reconnect');
  });

  test('a name that does not exist', async () => {
    const address = read('no-such-host.invalid/postgres');
    expect(told(await connectError(address), address).code).toBe('host_not_found');
  });
});
