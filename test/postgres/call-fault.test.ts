import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { isOfTheCall } from '../../src/postgres/call-fault.ts';

/** An error as the server sends it; `routine` is where it arose. */
function said(
  code: string,
  { severity = 'ERROR', routine = 'ExecProcessing', message = 'text' } = {},
): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError(message, 4, 'error'), { code, severity, routine });
}

describe('about the user or the function', () => {
  test.each([
    '23505',
    '22P02',
    'P0001',
    '42501',
    '42703',
    '42883',
    '0A000',
    '3F000',
    '2BP01',
    '55000',
    '54000',
    '38000',
    '39000',
    'XX000',
  ])('%s', (code) => expect(isOfTheCall(said(code))).toBe(true));

  test.each(['08006', '57P01', '53300'])('%s of another server, which the function talks to', (code) => {
    const local = code === '53300' ? { routine: 'exec_stmt_raise' } : {};
    expect(isOfTheCall(said(code, local))).toBe(true);
  });

  test.each(['25006', '28000', '53100', '58030', 'XX001'])('%s that the function raises itself', (code) => {
    expect(isOfTheCall(said(code))).toBe(false);
    expect(isOfTheCall(said(code, { routine: 'exec_stmt_raise' }))).toBe(true);
  });
});

describe('not about them', () => {
  test.each(['40001', '40P01', '55P03', '57014'])('%s may pass, whoever raised it', (code) => {
    expect(isOfTheCall(said(code))).toBe(false);
    expect(isOfTheCall(said(code, { routine: 'exec_stmt_raise' }))).toBe(false);
  });

  test.each(['57P01', '57P03', '08006', '53300', '28P01', '42501'])('%s that ends the connection', (code) => {
    expect(isOfTheCall(said(code, { severity: 'FATAL' }))).toBe(false);
  });

  test.each([
    ['a pooler', said('08P01', { message: 'query_wait_timeout' })],
    ['a socket', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' })],
    ['the driver', new Error('Connection terminated unexpectedly')],
    ['a bug', new TypeError('text')],
    ['nothing', undefined],
  ])('%s', (_, error) => expect(isOfTheCall(error)).toBe(false));
});
