import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { classify, faultOf, isSourceForeignKey, poolerTrouble, scrub, sqlState } from '../../src/postgres/sqlstate.ts';
import { SQLSTATES } from '../support/sqlstates.ts';

const raised = (code: unknown, fields: Record<string, unknown> = {}) =>
  Object.assign(new Error('text'), { code, severity: 'ERROR', ...fields });
const fatal = (code: string, message: string) => Object.assign(new Error(message), { code, severity: 'FATAL' });

const ACTIONS = {
  retry: ['40001', '40P01', '55P03', '40000', '72000'],
  reconnect: [
    '57P01',
    '57P02',
    '57P03',
    '57P04',
    '57P05',
    '25P03',
    '25P04',
    '53300',
    '40003',
    '08000',
    '08006',
    '08P01',
  ],
  halve: ['57014', '54000', '54001', '54011', '54023'],
  stop: [
    ...[
      '25006',
      '25001',
      '25P01',
      '25P02',
      '53000',
      '53100',
      '53200',
      '53400',
      '58000',
      '58030',
      '58P01',
      'XX001',
      'XX002',
    ],
    ...['42501', '42P01', '42703', '42P10', '42883', '42601', '42P05', '428C9', '0A000', '0LP01', '0P000', '2BP01'],
    ...['28000', '28P01', '3D000', '3F000', '55000', '55006', '26000', '24000', '34000', '2D000', 'F0000'],
  ],
  row: [
    ...['23502', '23503', '23505', '23514', '23P01', '22001', '22003', '22P02', '21000', '27000', '44000', '40002'],
    ...['38000', '39000', '2F005', '20000', 'P0001', 'P0002', 'P0004', 'HV000', 'ABCDE', '99999', '00000', 'EPIPE'],
  ],
} as const;

describe('by SQLSTATE', () => {
  for (const [action, codes] of Object.entries(ACTIONS)) {
    test.each(codes)(`%s: ${action}`, (code) => {
      expect(classify(raised(code))).toBe(action);
    });
  }

  test('every code of five characters has an action', () => {
    const character = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const code = fc.array(character, { minLength: 5, maxLength: 5 }).map((characters) => characters.join(''));
    fc.assert(
      fc.property(code, (text) => Object.keys(ACTIONS).includes(classify(raised(text)))),
      { numRuns: 5000 },
    );
  });

  test('whatever else is thrown has one too', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (thrown) =>
        Object.keys(ACTIONS).includes(classify(thrown)),
      ),
    );
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (code, severity) =>
        Object.keys(ACTIONS).includes(classify(raised(code, { severity }))),
      ),
    );
  });
});

describe('every SQLSTATE of the manual', () => {
  const of = (action: string) => SQLSTATES.filter((code) => classify(raised(code)) === action);
  const inClasses = (...classes: string[]) => SQLSTATES.filter((code) => classes.includes(code.slice(0, 2)));

  test('that blames the data is about a row, so no row stops a run', () => {
    expect(of('row')).toEqual(
      expect.arrayContaining(inClasses('21', '22', '23', '27', '2F', '38', '39', '44', 'HV', 'P0')),
    );
  });

  test('that blames the statement, the session or the server is about no row', () => {
    const blamed = inClasses('0A', '0L', '0P', '24', '25', '26', '28', '2B', '2D', '34', '3D', '3F', '42', '53', '58');
    const others = inClasses('08', '54', '55', '57', '72', 'F0');
    expect([...blamed, ...others].filter((code) => of('row').includes(code))).toEqual([]);
  });

  test('is sent again, alone or on a new connection or in halves, only where that may help', () => {
    expect(of('retry')).toEqual(['40000', '40001', '40P01', '55P03', '72000'].toSorted(inOrder));
    expect(of('halve')).toEqual([...inClasses('54'), '57014'].toSorted(inOrder));
    const lost = [...inClasses('08', '57').filter((code) => code !== '57014'), '25P03', '25P04', '40003', '53300'];
    expect(of('reconnect')).toEqual(lost.toSorted(inOrder));
  });

  const inOrder = (a: string, b: string) => SQLSTATES.indexOf(a) - SQLSTATES.indexOf(b);
});

describe('inside a trigger', () => {
  const anyCode = fc.oneof(fc.constantFrom(...SQLSTATES), fc.stringMatching(/^[0-9A-Z]{5}$/));
  const routine = fc.constantFrom(
    'exec_stmt_raise',
    'PLy_elog_impl',
    'plperl_call_perl_func',
    'pltcl_elog',
    'plv8_Elog',
  );
  const passing = ['40001', '40P01', '55P03', '57014'];

  test('whatever code is raised is about the row, but for what passes by itself', () => {
    fc.assert(
      fc.property(
        anyCode,
        routine,
        fc.constantFrom('text', 'no such database', 'query_wait_timeout'),
        (code, by, message) => {
          const action = classify(raised(code, { routine: by, message }));
          if (passing.includes(code)) expect(action).toBe(classify(raised(code)));
          else expect(action).toBe('row');
        },
      ),
    );
    for (const code of passing) expect(classify(raised(code, { routine: 'exec_stmt_raise' }))).not.toBe('row');
  });

  test('a routine of the server with such a name in it raises nothing, and the end of a connection is none', () => {
    expect(classify(raised('53100', { routine: 'not_exec_stmt_raise' }))).toBe('stop');
    expect(classify({ code: '57P01', severity: 'FATAL', routine: 'exec_stmt_raise' })).toBe('reconnect');
  });

  test.each(['42P01', '42883', '42703', '3F000', '0A000', '26000', '34000'])(
    '%s there is about the row that led to it; of our own statement it stops the run',
    (code) => {
      const where = 'PL/pgSQL function public.audit() line 3 at SQL statement';
      expect(classify(raised(code, { where }))).toBe('row');
      expect(classify(raised(code))).toBe('stop');
      expect(classify({ code, severity: 'FATAL', where })).toBe('stop');
    },
  );

  test.each(['42501', '53100', '53400', '25006', '58030', 'XX001'])('%s there holds up every row', (code) => {
    expect(classify(raised(code, { where: 'PL/pgSQL function public.audit() line 3 at SQL statement' }))).toBe('stop');
  });

  test('what it raised may name anything: nothing that it chose is told', () => {
    const chosen = { constraint: 'mia', column: 'mia', table: 'mia', schema: 'mia' };
    const error = raised('23505', { ...chosen, routine: 'exec_stmt_raise' });
    expect(faultOf(error)).toEqual({ code: '23505', constraint: null, column: null });
    expect(scrub(error)).toEqual({ name: 'Error', code: '23505', severity: 'ERROR', routine: 'exec_stmt_raise' });
  });
});

describe('without an SQLSTATE', () => {
  test.each([
    ...['EADDRNOTAVAIL', 'EAI_AGAIN', 'ECONNABORTED', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTDOWN', 'EHOSTUNREACH'],
    ...['ENETDOWN', 'ENETRESET', 'ENETUNREACH', 'ENOBUFS', 'ENOTCONN', 'EPIPE', 'EPROTO', 'ETIMEDOUT'],
    ...['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'],
  ])('%s is the network’s; said by a server, it is a code like any other', (code) => {
    expect(classify({ code })).toBe('reconnect');
    expect(classify({ code, severity: 'ERROR' })).toBe(/^[0-9A-Z]{5}$/.test(code) ? 'row' : 'stop');
  });

  test('the text of the driver is known by its beginning', () => {
    expect(classify(new Error('while reading: Connection terminated'))).toBe('stop');
  });

  test.each(['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT', 'EAI_AGAIN', 'ENETUNREACH', 'EPROTO'])(
    '%s: reconnect',
    (code) => {
      expect(classify(Object.assign(new Error('text'), { code }))).toBe('reconnect');
    },
  );

  test.each([
    'Connection terminated unexpectedly',
    'Connection terminated',
    'Connection terminated due to connection timeout',
    'timeout expired',
    'timeout exceeded when trying to connect',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Query read timeout',
    'Received unexpected commandComplete message from backend.',
    'There was an error establishing an SSL connection',
  ])('%s: reconnect', (text) => {
    expect(classify(new Error(text))).toBe('reconnect');
  });

  test.each([
    new Error('The server does not support SSL connections'),
    new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    new Error('Cannot use a pool after calling end on the pool'),
    Object.assign(new Error('text'), { code: 'ENOTFOUND' }),
    Object.assign(new Error('Connection terminated'), { code: 'ERR_ASSERTION' }),
    Object.assign(new Error('text'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' }),
    Object.assign(new Error('text'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }),
    Object.assign(new TypeError('Connection terminated'), { code: 'ECONNRESET' }),
    new RangeError('text'),
    new ReferenceError('text'),
    new SyntaxError('text'),
    new Fault('wrong_password', 'text', { cause: raised('40001') }),
    AbortSignal.abort().reason,
    null,
    'Connection terminated',
  ])('%s: stop', (thrown) => {
    expect(classify(thrown)).toBe('stop');
  });

  test('a socket file is missing while the server restarts; any other file stays missing', () => {
    expect(classify(Object.assign(new Error(), { code: 'ENOENT', syscall: 'connect' }))).toBe('reconnect');
    expect(classify(Object.assign(new Error(), { code: 'ENOENT', syscall: 'open' }))).toBe('stop');
    expect(classify({ code: 'EACCES', syscall: 'connect' })).toBe('stop');
  });

  test('several addresses that failed: one that may pass is enough', () => {
    const unreachable = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    const unknown = Object.assign(new Error(), { code: 'ENOTFOUND' });
    expect(classify(new AggregateError([unknown, unreachable]))).toBe('reconnect');
    expect(classify(new AggregateError([unknown, unknown]))).toBe('stop');
    expect(classify(new AggregateError([]))).toBe('stop');
  });
});

describe('poolers', () => {
  test.each([
    [
      'XX000',
      '(EMAXCONNSESSION) max clients reached in session mode - max clients are limited to pool_size: 15',
      'full',
    ],
    [
      'XX000',
      'MaxClientsInSessionMode: max clients reached - in Session mode max clients are limited to pool_size',
      'full',
    ],
    ['XX000', '(EMAXCONN) max client connections reached, limit: 200', 'full'],
    ['XX000', 'Max client connections reached', 'full'],
    ['XX000', '(ECHECKOUTTIMEOUT) unable to check out connection from the pool after 60000ms in Session mode', 'full'],
    ['08P01', 'query_wait_timeout', 'full'],
    ['08P01', 'no more connections allowed (max_client_conn)', 'full'],
  ])('%s %s: reconnect', (code, message, trouble) => {
    expect(poolerTrouble(fatal(code, message))).toBe(trouble);
    expect(classify(fatal(code, message))).toBe('reconnect');
  });

  test.each([
    ['XX000', 'Tenant or user not found', 'identity'],
    ['XX000', '(ENOTFOUND) tenant/user postgres.abc not found', 'identity'],
    ['XX000', '(ENOIDENTIFIER) no tenant identifier provided (external_id or sni_hostname required)', 'identity'],
    ['XX000', '(EAUTHQUERY) user not found in the database', 'identity'],
    ['XX000', 'Wrong password', 'password'],
    ['08P01', 'password authentication failed', 'password'],
    ['XX000', '(ECIRCUITBREAKER) too many authentication failures, new connections are temporarily blocked', 'blocked'],
    ['XX000', '(EADDRNOTALLOWED) address not in tenant allow_list: {1, 2, 3, 4}', 'address'],
    ['XX000', '(ESSLREQUIRED) SSL connection is required for user: postgres', 'tls'],
    ['08P01', 'no such database: app', 'database'],
  ])('%s %s: never again', (code, message, trouble) => {
    expect(poolerTrouble(fatal(code, message))).toBe(trouble);
    expect(classify(fatal(code, message))).toBe('stop');
  });

  test('any other end of a connection may pass', () => {
    expect(classify(fatal('XX000', '(EDBHANDLEREXITED) DbHandler exited. Check logs for more information'))).toBe(
      'reconnect',
    );
    expect(classify(fatal('08P01', 'server conn crashed?'))).toBe('reconnect');
  });

  test.each([
    '(ENOTFOUND)',
    '(EWRONGPASSWORD)',
    '(EBANNED)',
    '(EADDRNOTALLOWED)',
    '(ESSLREQUIRED)',
    'SSL required',
    '(EMAXCONN)',
  ])('%s is a pooler’s word only where it begins the text', (word) => {
    expect(poolerTrouble(fatal('XX000', `${word} and more`))).not.toBeNull();
    expect(poolerTrouble(fatal('XX000', `somebody said ${word}`))).toBeNull();
  });

  test.each([
    ['unable to check out a connection', 'full'],
    ['unable to checkout a connection', 'full'],
    ['max client reached', 'full'],
    ['(EJITUNAUTHORIZED) no', 'password'],
    ['(EMULTIPLEUSERS) no', 'identity'],
    ['(EMAXPOOLSREACHED) no', 'full'],
  ])('%s: %s', (text, trouble) => {
    expect(poolerTrouble(fatal('XX000', text))).toBe(trouble);
  });

  test('speak in codes of their own; the same words of the server, of a socket or of nobody are not theirs', () => {
    expect(poolerTrouble(fatal('57P01', 'no such user'))).toBeNull();
    expect(poolerTrouble(raised('23505', { message: 'no such user' }))).toBeNull();
    expect(poolerTrouble(new Error('no such user'))).toBeNull();
    expect(poolerTrouble(Object.assign(new Error('no such user'), { code: 'EPIPE' }))).toBeNull();
  });

  test('an internal error that left the connection alone is about a row', () => {
    expect(classify(raised('XX000', { message: 'no such user: cache lookup failed' }))).toBe('row');
  });
});

describe('the foreign key to the source', () => {
  const names = new Set(['profiles_id_fkey']);

  test('is known by its name, and only as 23503', () => {
    const vanished = raised('23503', { constraint: 'profiles_id_fkey' });
    expect(isSourceForeignKey(vanished, names)).toBe(true);
    expect(classify(vanished, { sourceForeignKeys: names })).toBe('retry');
    expect(classify(vanished)).toBe('row');
    expect(isSourceForeignKey(raised('23503', { constraint: 'profiles_plan_fkey' }), names)).toBe(false);
    expect(isSourceForeignKey(raised('23503'), names)).toBe(false);
    expect(isSourceForeignKey(raised('23505', { constraint: 'profiles_id_fkey' }), names)).toBe(false);
  });
});

describe('what may be told of an error', () => {
  const CANARY = 'mia@canary.example';
  const secrets = Object.fromEntries(
    [
      'message',
      'detail',
      'hint',
      'where',
      'internalQuery',
      'query',
      'dataType',
      'file',
      'line',
      'stack',
      'parameters',
    ].map((name) => [name, CANARY]),
  );
  const names = {
    constraint: 'users_email_key',
    column: 'email',
    table: 'users',
    schema: 'public',
    routine: '_bt_check_unique',
  };
  const error = raised('23505', { ...names, ...secrets, cause: new Error(CANARY) });

  test('of a row: code, constraint, column', () => {
    expect(faultOf(error)).toEqual({ code: '23505', constraint: 'users_email_key', column: 'email' });
    expect(faultOf(raised('P0001'))).toEqual({ code: 'P0001', constraint: null, column: null });
    expect(faultOf(new Error('text'))).toEqual({ code: 'unknown', constraint: null, column: null });
  });

  test('in a log: names and codes', () => {
    expect(scrub(error)).toEqual({ name: 'Error', code: '23505', severity: 'ERROR', ...names });
    expect(scrub(Object.assign(new Error(CANARY), { code: 'EPIPE' }))).toEqual({ name: 'Error', code: 'EPIPE' });
    expect(scrub(CANARY)).toEqual({});
  });

  test.each([7, { toString: () => CANARY }, ['x'], `a\nb`, `a\u202eb`, 'x'.repeat(64), 'ü'.repeat(32)])(
    'nothing but names: %j is not one',
    (value) => {
      expect(faultOf(raised('P0001', { constraint: value, column: value }))).toEqual(faultOf(raised('P0001')));
      expect(scrub(raised('P0001', { table: value }))).not.toHaveProperty('table');
    },
  );

  test('a temporary table is somebody’s own: no name of it or in it is told', () => {
    const inSchema = (schema: string) => raised('23514', { constraint: 'mia', column: 'mia', table: 'mia', schema });
    expect(faultOf(inSchema('pg_temp_3'))).toEqual({ code: '23514', constraint: null, column: null });
    expect(Object.values(scrub(inSchema('pg_temp_3')))).not.toContain('mia');
    expect(scrub(inSchema('pg_temp_3'))).toHaveProperty('schema', 'pg_temp_3');
    expect(faultOf(inSchema('app_pg_temp'))).toMatchObject({ constraint: 'mia', column: 'mia' });
  });

  test('a name may be as long as PostgreSQL lets it be', () => {
    const name = 'x'.repeat(63);
    expect(faultOf(raised('23514', { constraint: name })).constraint).toBe(name);
  });

  test.each(['x23505', '235050', '2350', '2350a', '23 05', 23505])('%j is no SQLSTATE', (code) => {
    expect(sqlState({ code, severity: 'ERROR' })).toBeNull();
  });

  test('an SQLSTATE is the server’s', () => {
    expect(sqlState(raised('EPIPE'))).toBe('EPIPE');
    expect(sqlState(Object.assign(new Error(), { code: 'EPIPE' }))).toBe(null);
    expect(sqlState(Object.assign(new Error(), { code: 'ERR_ASSERTION' }))).toBe(null);
    expect(sqlState(undefined)).toBe(null);
  });
});
