import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { heartbeat, pingUrl } from '../../src/notify/ping.ts';
import { webUrl } from '../../src/notify/web-url.ts';
import { type Answer, type HttpStub, type Misbehaviour, serve } from '../support/http-stub.ts';

const RID = '01936a4b-a67f-4cba-9e1d-3d9a28b1a0f5';
const LIMIT_MS = 400;

describe('the URL of a ping', () => {
  test.each([
    ['https://hc-ping.com/uuid', '/start', `https://hc-ping.com/uuid/start?rid=${RID}`],
    ['https://hc-ping.com/uuid', '', `https://hc-ping.com/uuid?rid=${RID}`],
    ['https://hc-ping.com/key/slug?create=1', '/2', `https://hc-ping.com/key/slug/2?create=1&rid=${RID}`],
    ['https://hc-ping.com/uuid/', '/143', `https://hc-ping.com/uuid/143?rid=${RID}`],
    ['https://hc-ping.com', '/1', `https://hc-ping.com/1?rid=${RID}`],
    ['https://x.example/p?token=a%2Fb+c&flag', '/1', `https://x.example/p/1?token=a%2Fb+c&flag&rid=${RID}`],
    ['https://x.example/p?rid=mine', '', 'https://x.example/p?rid=mine'],
    ['https://x.example/p#part', '/start', `https://x.example/p/start?rid=${RID}`],
  ])('%s and %j', (url, suffix, expected) => {
    expect(pingUrl(new URL(url), suffix, RID).href).toBe(expected);
  });

  test('has the query as it was written, whatever is in it', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (text) => {
        const url = new URL(text);
        const ping = pingUrl(url, '/start', RID);
        expect(ping.search.startsWith(url.search)).toBe(true);
        expect(ping.host).toBe(url.host);
        expect(ping.pathname.endsWith('/start')).toBe(true);
      }),
    );
  });
});

describe('an address for a secret', () => {
  test.each(['https://x.example/p', 'http://localhost:80/p', 'http://127.0.0.1/p', 'http://[::1]:9/p'])('%s', (url) => {
    expect(webUrl(url, 'X').href).toContain(url.slice(0, 12));
  });

  test.each([
    'http://x.example/p',
    'http://127.0.0.1.x.example/p',
    'http://localhost.x.example/p',
    'http://10.0.0.1/p',
    'ftp://x.example',
    'file:///etc/passwd',
    'https://user@x.example',
    'https://:word@x.example',
    'x.example/p',
    '',
  ])('%j is refused, and not quoted', (url) => {
    const refused = () => webUrl(url, '--ping-url', 'usage');
    expect(refused).toThrow(/^--ping-url /);
    expect(refused).not.toThrow(/x\.example|passwd|word/);
    expect(refused).toThrow(expect.objectContaining({ verdict: 'usage', fix: expect.any(String) }));
  });
});

describe('a heartbeat', () => {
  let stub: HttpStub;
  let answer: (path: string) => Answer | Misbehaviour;
  let failures: unknown[];
  beforeAll(async () => {
    stub = await serve(({ path }) => answer(path));
  });
  afterAll(() => stub.close());
  beforeEach(() => {
    stub.heard.length = 0;
    failures = [];
    answer = () => ({ body: 'OK' });
  });

  const beat = (url = `${stub.url}/p`, hurry = new AbortController().signal) =>
    heartbeat(new URL(url), { rid: RID, limitMs: LIMIT_MS, hurry, onFailure: (error) => failures.push(error) });
  const codes = () => failures.map((error) => (error instanceof Fault ? error.code : error));

  /** A run that ends at once; how long its end took. */
  async function runOnce(how = beat()): Promise<number> {
    how.started();
    const begun = performance.now();
    await how.ended(2, '{}');
    return performance.now() - begun;
  }

  test('starts, then ends, both with the id of the run', async () => {
    await runOnce();
    expect(stub.heard.map(({ method, path, query, body }) => [method, path, query.get('rid'), body])).toEqual([
      ['POST', '/p/start', RID, ''],
      ['POST', '/p/2', RID, '{}'],
    ]);
    expect(failures).toEqual([]);
  });

  test('success is the URL itself', async () => {
    await beat().ended(0, '{}');
    expect(stub.heard.map(({ path }) => path)).toEqual(['/p']);
  });

  test.each([
    ['stalls', 'stall', 'no_answer'],
    ['ends its answer never', 'half', 'no_answer'],
    ['floods', 'flood', 'answer_too_large'],
    ['cuts the connection', 'cut', 'unreachable'],
    ['redirects', { status: 307, headers: { location: '/elsewhere' } }, 'redirected'],
    ['knows no such check', { status: 404 }, 'ping_refused'],
  ] as const)('a server that %s: one failure, and no longer than the limit', async (_, how, code) => {
    answer = () => how;
    const ms = await runOnce();
    expect(codes()).toEqual([code]);
    expect(ms).toBeLessThan(LIMIT_MS + 300);
    expect(stub.heard.map(({ path }) => path)).not.toContain('/elsewhere');
  });

  test('a start that stalls takes nothing from the end', async () => {
    answer = (path) => (path.endsWith('/start') ? 'stall' : { body: 'OK' });
    await runOnce(heartbeat(new URL(`${stub.url}/p`), { ...slow(), limitMs: 3000 }));
    expect(stub.heard.map(({ path }) => path)).toEqual(['/p/start', '/p/2']);
    expect(codes()).toEqual(['no_answer']);
  });

  test('nobody is kept waiting who is in a hurry', async () => {
    answer = () => 'stall';
    const hurry = new AbortController();
    const how = heartbeat(new URL(`${stub.url}/p`), { ...slow(), limitMs: 10_000, hurry: hurry.signal });
    setTimeout(() => hurry.abort(), 50);
    expect(await runOnce(how)).toBeLessThan(1000);
  });

  function slow() {
    return { rid: RID, hurry: new AbortController().signal, onFailure: (error: unknown) => failures.push(error) };
  }
});
