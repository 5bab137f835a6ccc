import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { statusApp, type Views } from '../../src/schedule/app.ts';
import { listen, type StatusServer } from '../../src/schedule/server.ts';
import { sampleReport } from '../render/sample-report.ts';

const HEALTHY = { healthy: true, lastGoodAt: null, ageSeconds: 1, maxAgeSeconds: 900, why: 'x' };

function app(views: Partial<Views> = {}) {
  return statusApp({
    ready: () => true,
    health: () => HEALTHY,
    metrics: () => Promise.resolve('a 1\n'),
    page: () => '<!doctype html>',
    style: 'p { color: red }',
    report: () => null,
    ...views,
  });
}

describe('the routes', () => {
  test.each<[string, Partial<Views>, number]>([
    ['/livez', {}, 200],
    ['/livez', { ready: () => false, health: () => ({ ...HEALTHY, healthy: false }) }, 200],
    ['/readyz', {}, 200],
    ['/readyz', { ready: () => false }, 503],
    ['/healthz', {}, 200],
    ['/healthz', { health: () => ({ ...HEALTHY, healthy: false }) }, 503],
    ['/metrics', {}, 200],
    ['/report.json', {}, 404],
    ['/report.json', { report: () => sampleReport() }, 200],
    ['/', {}, 200],
    ['/favicon.ico', {}, 404],
    ['/../etc/passwd', {}, 404],
  ])('%s %o: %i', async (path, views, status) => {
    expect((await app(views).request(path)).status).toBe(status);
  });

  test('tell their types', async () => {
    const typeOf = async (path: string) => (await app().request(path)).headers.get('content-type');
    expect(await typeOf('/metrics')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await typeOf('/healthz')).toMatch(/^application\/json/);
    expect(await typeOf('/')).toMatch(/^text\/html; charset=utf-8/i);
  });

  test('say why', async () => {
    expect(await (await app().request('/healthz')).json()).toEqual(HEALTHY);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuse %s everywhere', async (method) => {
    for (const path of ['/', '/livez', '/nowhere']) {
      const response = await app().request(path, { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('answer HEAD as GET, without a body', async () => {
    const response = await app({ ready: () => false }).request('/readyz', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([503, '']);
  });

  test.each(['/', '/metrics', '/nowhere'])(
    '%s lets a browser load and run nothing but the style sheet',
    async (path) => {
      const { headers } = await app().request(path);
      const hash = createHash('sha256').update('p { color: red }').digest('base64');
      expect(headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
    },
  );
});

describe('listening', () => {
  let server: StatusServer;
  beforeAll(async () => {
    server = await listen(app(), '127.0.0.1', 0);
  });
  afterAll(() => server.close());

  test('on any free port, and on loopback only', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(`${server.url}/livez`)).text()).toBe('alive\n');
  });

  test('on a port in use is one fault that names it', async () => {
    const port = Number(new URL(server.url).port);
    await expect(listen(app(), '127.0.0.1', port)).rejects.toMatchObject({
      code: 'port_in_use',
      message: `port ${port} on 127.0.0.1 is in use`,
      fix: expect.stringContaining('--port'),
    });
  });

  test('on a foreign address too', async () => {
    await expect(listen(app(), '203.0.113.9', 0)).rejects.toMatchObject({
      code: 'cannot_listen',
      message: expect.stringContaining('203.0.113.9'),
      fix: expect.stringContaining('--host'),
    });
  });

  test('ends at once, whoever is still connected', async () => {
    const other = await listen(app(), '127.0.0.1', 0);
    const kept = await fetch(`${other.url}/livez`, { keepalive: true });
    await kept.text();
    await other.close();
    const port = Number(new URL(other.url).port);
    const again = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => again.once('listening', resolve));
    again.close();
  });
});
