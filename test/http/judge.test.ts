import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { judge, networkCode } from '../../src/http/judge.ts';
import { accepted, Refusal } from '../../src/http/refusal.ts';

const LATE = { reached: true, late: 'halve' } as const;

async function refusalOf(status: number, body: string, headers: Record<string, string> = {}): Promise<Refusal> {
  const response = new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
  const error: unknown = await accepted(response).catch((thrown: unknown) => thrown);
  if (error instanceof Refusal) return error;
  throw new TypeError('the answer was accepted');
}

const failed = (code: string) => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) });

describe('an answer', () => {
  test.each([
    [500, '57014', 'halve'],
    [500, '40001', 'retry'],
    [500, '40P01', 'retry'],
    [500, '55P03', 'retry'],
    [503, '53300', 'reconnect'],
    [503, '08006', 'reconnect'],
    [503, '57P01', 'reconnect'],
    [500, '54000', 'halve'],
    [405, '25006', 'stop'],
    [403, '42501', 'stop'],
    [404, '42P01', 'stop'],
    [409, '23505', 'row'],
    [409, '23503', 'row'],
    [400, '23514', 'row'],
    [400, 'P0001', 'row'],
    [500, 'XX000', 'row'],
    [503, 'PGRST000', 'reconnect'],
    [503, 'PGRST001', 'reconnect'],
    [503, 'PGRST002', 'reconnect'],
    [504, 'PGRST003', 'reconnect'],
    [404, 'PGRST202', 'stop'],
    [401, 'PGRST301', 'stop'],
  ])('%i with code %s: %s', async (status, code, action) => {
    const refusal = await refusalOf(status, JSON.stringify({ code, message: 'secret', details: 'secret' }));
    expect(judge(refusal, LATE)).toMatchObject({ action, code });
    expect(refusal.message).toBe(`status ${status} (${code})`);
  });

  test.each([
    [429, 'reconnect'],
    [408, 'reconnect'],
    [500, 'reconnect'],
    [502, 'reconnect'],
    [503, 'reconnect'],
    [504, 'halve'],
    [520, 'reconnect'],
    [544, 'reconnect'],
    [400, 'stop'],
    [401, 'stop'],
    [403, 'stop'],
    [404, 'stop'],
    [301, 'stop'],
    [540, 'stop'],
  ])('%i without a code: %s', async (status, action) => {
    const refusal = await refusalOf(status, '<html>secret</html>', { 'content-type': 'text/html' });
    expect(judge(refusal, LATE)).toMatchObject({ action, code: String(status) });
    expect(refusal.json).toBe(false);
  });

  test('that is 200 and no JSON is none of the Data API', async () => {
    expect(judge(await refusalOf(200, 'log in', { 'content-type': 'text/html' }), LATE).action).toBe('stop');
  });

  test('that is JSON is handed on', async () => {
    const answer = await accepted(
      new Response('{}', { headers: { 'content-type': 'application/json; charset=utf-8' } }),
    );
    expect(await answer.text()).toBe('{}');
  });

  test.each([
    ['2', 2000],
    ['0', 0],
    ['86400', 60_000],
    ['30', 30_000],
    ['soon', undefined],
    ['30x', undefined],
    ['x30', undefined],
    ['-1', 0],
    [new Date(Date.now() - 5000).toUTCString(), 0],
  ])('asks for a pause of %s: %s ms', async (header, pauseMs) => {
    expect(judge(await refusalOf(429, '{}', { 'retry-after': header }), LATE).pauseMs).toBe(pauseMs);
  });

  test('asks for no pause without the header', async () => {
    expect(judge(await refusalOf(429, '{}'), LATE).pauseMs).toBeUndefined();
  });

  test.each([
    ['permission denied for function userdrift_measure', true],
    ['permission denied for function userdrift_missing', true],
    ['permission denied for function sync_user_from_auth', true],
    ['permission denied for function sync_users_from_auth', true],
    ['permission denied for schema public', true],
    ['permission denied for schema auth', false],
    ['permission denied for function mail', false],
    ['permission denied for table my_userdrift_measures', false],
  ])('that says "%s" is about one of ours: %s', async (message, ofFunction) => {
    expect((await refusalOf(403, JSON.stringify({ code: '42501', message }))).ofFunction).toBe(ofFunction);
    expect((await refusalOf(403, JSON.stringify({ code: '42501', message: [message] }))).ofFunction).toBe(false);
  });

  test.each([
    ['application/json', true],
    ['application/vnd.pgrst.object+json; charset=utf-8', true],
    ['application/jsonp', false],
    ['text/json', false],
    ['x-application/json', false],
    ['application/a b+json', false],
  ])('of type %s is read: %s', async (type, json) => {
    const refusal = await refusalOf(400, '{"code":"23505"}', { 'content-type': type });
    expect({ json: refusal.json, state: refusal.state }).toEqual({ json, state: json ? '23505' : null });
  });

  test('without a type is none of the Data API', async () => {
    const response = new Response(new Blob(['{}']));
    await expect(accepted(response)).rejects.toMatchObject({ name: 'Refusal', json: false, message: 'status 200' });
  });

  test('has a SQLSTATE of five characters, or none', async () => {
    for (const [code, state] of [
      ['57014', '57014'],
      ['PGRST202', null],
      ['5701', null],
      ['SUP', null],
    ]) {
      expect((await refusalOf(500, JSON.stringify({ code }))).state).toBe(state);
    }
  });

  test.each(['PGRST0011', 'XPGRST001', 'PGRST004', 'PGRST100'])('with code %s does not pass', async (code) => {
    expect(judge(await refusalOf(503, JSON.stringify({ code })), LATE).action).toBe(
      code.startsWith('X') ? 'reconnect' : 'stop',
    );
  });

  test('with a code that is no code, a body that is no JSON, or one without end tells nothing', async () => {
    for (const body of [
      '{"code": "ada@example.com"}',
      '{"code": "a 23505"}',
      '{"code": "23505 b"}',
      '"23505"',
      '{"code": 7}',
      'null',
      '{',
      `{"code":"23505","message":"${'x'.repeat(1e5)}"}`,
    ]) {
      expect((await refusalOf(400, body)).code).toBeNull();
    }
  });
});

describe('the network', () => {
  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('%s may pass, even at first', (code) => {
    expect(judge(failed(code), { ...LATE, reached: false })).toEqual({ action: 'reconnect', code });
  });

  test.each(['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'EAI_AGAIN', 'EHOSTUNREACH'])(
    '%s may pass, once there was an answer',
    (code) => {
      expect(judge(failed(code), LATE)).toEqual({ action: 'reconnect', code });
      expect(judge(failed(code), { ...LATE, reached: false })).toEqual({ action: 'stop', code });
    },
  );

  test.each([
    'ENOTFOUND',
    'HPE_INVALID_CONSTANT',
    'CERT_HAS_EXPIRED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('%s does not', (code) => {
    expect(judge(failed(code), LATE).action).toBe('stop');
  });

  test('of all addresses of a host, the first tells', () => {
    const both = new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' }), new Error()]);
    expect(judge(new TypeError('fetch failed', { cause: both }), LATE).code).toBe('ECONNREFUSED');
  });

  test('is not what a cause with a code says under another name, but what fetch says is', () => {
    expect(judge(new TypeError('fetch failed', { cause: new Error('bad port') }), LATE)).toMatchObject({
      action: 'stop',
    });
    expect(networkCode(new TypeError('fetch failed'))).toBe('UND_ERR_INVALID');
    expect(networkCode(new TypeError('something else'))).toBeNull();
    expect(networkCode('fetch failed')).toBeNull();
    expect(judge(failed('XENOTFOUND'), LATE).action).toBe('reconnect');
    expect(judge(new Fault('closed', 'x', { cause: failed('ECONNRESET') }), LATE).action).toBe('stop');
  });

  test('that stays silent is what the caller says it is', () => {
    const late = new DOMException('', 'TimeoutError');
    expect(judge(late, LATE)).toMatchObject({ action: 'halve' });
    expect(judge(late, { reached: true, late: 'reconnect' })).toMatchObject({ action: 'reconnect' });
  });

  test('has nothing to do with a mistake of ours', () => {
    expect(judge(new TypeError('x is not a function'), LATE).action).toBe('stop');
  });
});
