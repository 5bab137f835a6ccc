import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { connect } from '../rpc.ts';
import { USER } from './signing.ts';
import { fails, type Reply, says, startStub } from './stub.ts';

async function sync(url: string, milliseconds: number) {
  const started = performance.now();
  const outcome = await connect(url, 'sb_secret_key').syncUser?.(USER, milliseconds);
  return { outcome, ms: performance.now() - started };
}

const passing: Record<string, [Reply, string]> = {
  'a serialization failure': [fails('40001', 500), '40001'],
  'a lock timeout': [fails('55P03', 500), '55P03'],
  'an API without its database': [fails('PGRST001', 503), 'PGRST001'],
  'a rate limit': [{ status: 429, body: { message: 'slow down' } }, 'http_429'],
  'a gateway': [{ status: 502, body: 'Bad Gateway' }, 'http_502'],
};
for (const [what, [reply]] of Object.entries(passing)) {
  Deno.test(`${what} passes`, async () => {
    await using stub = startStub(reply, says('already_present'));
    deepEqual((await sync(stub.url, 4000)).outcome, { kind: 'done', status: 'already_present', attempts: 2 });
  });
}

Deno.test('what does not pass in time is reported as it was, and in time', async () => {
  await Promise.all(
    Object.values(passing).map(async ([reply, code]) => {
      await using stub = startStub(reply);
      const { outcome, ms } = await sync(stub.url, 1500);
      deepEqual({ ...outcome, attempts: 0 }, { kind: 'again', code, attempts: 0 });
      ok(stub.calls.length > 1 && ms < 2500, `${stub.calls.length} calls in ${ms} ms`);
    }),
  );
});

Deno.test('a connection that is cut passes', async () => {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const cut = (async () => {
    for await (const connection of listener) connection.close();
  })();
  const { outcome } = await sync(`http://127.0.0.1:${listener.addr.port}`, 300);
  deepEqual({ ...outcome, attempts: 0 }, { kind: 'again', code: 'network', attempts: 0 });
  listener.close();
  await cut;
});

const lasting: Record<string, [Reply, string]> = {
  'a duplicate': [fails('23505', 409), '23505'],
  'a missing value': [fails('23502', 400), '23502'],
  'a value that is too long': [fails('22001', 400), '22001'],
  'an exception of the app': [fails('P0001', 400), 'P0001'],
  'an assertion, which the API calls an error of the server': [fails('P0004', 500), 'P0004'],
  'a missing privilege': [fails('42501', 403), '42501'],
  'a database without the function': [fails('PGRST202', 404), 'PGRST202'],
  'a key that is not good': [{ status: 401, body: { message: 'Invalid API key' } }, 'http_401'],
  'a function of another kind': [{ body: { success: false } }, 'odd_answer'],
  'an answer that is none': [{ body: null }, 'odd_answer'],
};
for (const [what, [reply, code]] of Object.entries(lasting)) {
  Deno.test(`${what} lasts, and is not asked for twice`, async () => {
    await using stub = startStub(reply);
    deepEqual((await sync(stub.url, 4000)).outcome, { kind: 'final', code, attempts: 1 });
    equal(stub.calls.length, 1);
  });
}

Deno.test('an API that hangs is given up in time, after a second attempt', async () => {
  await using stub = startStub('hangs');
  const { outcome, ms } = await sync(stub.url, 1000);
  deepEqual(outcome, { kind: 'again', code: 'network', attempts: 2 });
  ok(ms > 900 && ms < 2000, `${ms} ms`);
  equal(stub.calls.length, 2);
});

Deno.test('an API that hung once is asked again in time', async () => {
  await using stub = startStub('hangs', says('inserted'));
  deepEqual((await sync(stub.url, 2000)).outcome, { kind: 'done', status: 'inserted', attempts: 2 });
});

Deno.test('nobody there is a failure that passes', async () => {
  const { outcome } = await sync('http://127.0.0.1:1', 500);
  deepEqual([outcome?.kind, outcome?.kind === 'again' && outcome.code], ['again', 'network']);
  ok((outcome?.attempts ?? 0) > 1);
});

Deno.test('without a URL or a key there is nobody to call, and it says which is missing', () => {
  match(connect(undefined, 'key').fault ?? '', /SUPABASE_URL/);
  match(connect('http://127.0.0.1:1', undefined).fault ?? '', /SUPABASE_SECRET_KEYS/);
});
