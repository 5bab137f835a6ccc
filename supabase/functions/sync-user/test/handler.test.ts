import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { LARGEST_BODY_BYTES } from '../body.ts';
import { BUDGET_MS } from '../handler.ts';
import { send } from './function.ts';
import { event, hook, NEXT_SECRET, SECRET, signed, STRANGER, URL, USER } from './signing.ts';
import { fails, says, startStub } from './stub.ts';

Deno.test('an event of the trigger is passed on as an id, and nothing else', async () => {
  await using stub = startStub(says('inserted'));
  const { status, body, log } = await send(signed({ ...event(USER.toUpperCase()), email: 'canary@example.com' }), stub);
  equal(status, 200);
  deepEqual(body, { status: 'inserted', user_id: USER });
  deepEqual(stub.calls, [
    { path: '/rest/v1/rpc/sync_user_from_auth', method: 'POST', apikey: 'sb_secret_canary', body: { user_id: USER } },
  ]);
  const [{ ms, ...entry }] = log;
  ok(ms !== undefined && ms >= 0);
  deepEqual(entry, {
    level: 'info',
    event: 'synced',
    caller: 'webhook',
    user_id: USER,
    status: 'inserted',
    attempts: 1,
  });
});

Deno.test('so is the after-user-created hook, also of an Auth that does not name it', async () => {
  await using stub = startStub(says('inserted'));
  for (const payload of [hook(), { ...hook(), metadata: { uuid: crypto.randomUUID() } }]) {
    deepEqual((await send(signed(payload), stub)).body, { status: 'inserted', user_id: USER });
  }
  deepEqual(stub.calls.map(({ body }) => body), [{ user_id: USER }, { user_id: USER }]);
});

for (const status of ['already_present', 'excluded', 'not_found']) {
  Deno.test(`${status} is an answer like any other: nobody needs to ask again`, async () => {
    await using stub = startStub(says(status));
    for (const payload of [event(), hook()]) {
      const answer = await send(signed(payload), stub);
      equal(answer.status, 200);
      deepEqual(answer.body, { status, user_id: USER });
      equal(answer.log[0].level, status === 'not_found' ? 'warn' : 'info');
    }
    equal(stub.calls.length, 2);
  });
}

Deno.test('the before-user-created hook is let through: there is nobody to copy yet, and a refusal would stop sign-ups', async () => {
  await using stub = startStub(says('inserted'));
  const { status, body, log } = await send(signed(hook('before-user-created')), stub);
  equal(status, 200);
  deepEqual(body, { status: 'ignored', code: 'too_early' });
  match(log[0].message ?? '', /before-user-created/);
  equal(stub.calls.length, 0);
});

Deno.test('only POST is served, and who asks otherwise is told so', async () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
    const { status, headers, body } = await send(new Request(URL, { method }));
    equal(status, 405);
    equal(headers.get('allow'), 'POST');
    equal(body.code, 'method_not_allowed');
  }
});

Deno.test('an unsigned request is refused before it is read', async () => {
  for (const left of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
    const request = signed(event());
    request.headers.delete(left);
    const { status, body } = await send(request);
    equal(status, 401);
    equal(body.code, 'no_signature');
  }
});

const forged: Record<string, () => Request> = {
  'by a stranger': () => signed(event(), { secrets: [STRANGER] }),
  'for another user': () => signed(event(), { tampered: JSON.stringify(event(crypto.randomUUID())) }),
  'for the same JSON written otherwise': () => signed(event(), { tampered: JSON.stringify(event(), null, 1) }),
  'more than five minutes ago': () => signed(event(), { secondsAgo: 5 * 60 + 10 }),
  'more than five minutes ahead': () => signed(event(), { secondsAgo: -5 * 60 - 10 }),
  'under another id': () => signed(event(), { headers: { 'webhook-id': 'msg_other' } }),
  'at a time that is none': () => signed(event(), { headers: { 'webhook-timestamp': 'yesterday' } }),
  'with a signature that is none': () => signed(event(), { headers: { 'webhook-signature': 'v1' } }),
  'with an empty signature': () => signed(event(), { headers: { 'webhook-signature': 'v1,' } }),
  'in a version of tomorrow': () => signed(event(), { headers: { 'webhook-signature': 'v2,AAAA' } }),
};
for (const [how, request] of Object.entries(forged)) {
  Deno.test(`a request signed ${how} is refused`, async () => {
    await using stub = startStub(says('inserted'));
    const { status, body } = await send(request(), stub);
    equal(status, 401);
    equal(body.code, 'wrong_signature');
    equal(stub.calls.length, 0);
  });
}

Deno.test('a clock may be almost five minutes off', async () => {
  await using stub = startStub(says('inserted'));
  for (const secondsAgo of [290, -290]) equal((await send(signed(event(), { secondsAgo }), stub)).status, 200);
});

Deno.test('while a secret is replaced, the old and the new one are good', async () => {
  await using stub = startStub(says('inserted'));
  const both = { ...stub, secret: `v1,whsec_${NEXT_SECRET}|whsec_${SECRET}` };
  for (const secrets of [[SECRET], [NEXT_SECRET], [STRANGER, NEXT_SECRET]]) {
    equal((await send(signed(event(), { secrets }), both)).status, 200);
  }
  equal((await send(signed(event(), { secrets: [STRANGER] }), both)).status, 401);
  const afterwards = { ...stub, secret: `v1,whsec_${NEXT_SECRET}` };
  equal((await send(signed(event(), { secrets: [SECRET] }), afterwards)).status, 401);
});

Deno.test('without a secret, or without a key, nobody is believed', async () => {
  await using stub = startStub(says('inserted'));
  for (const missing of [{ secret: '' }, { secret: 'hunter2' }, { secret: '|' }, { key: '' }]) {
    const { status, body, log } = await send(signed(event()), { ...stub, ...missing });
    equal(status, 500);
    equal(body.code, 'not_configured');
    match(log[0].message ?? '', /SYNC_USER_WEBHOOK_SECRET|SUPABASE_SECRET_KEYS/);
  }
  equal(stub.calls.length, 0);
});

Deno.test('a body that is too large is refused, declared or not', async () => {
  const huge = 'x'.repeat(LARGEST_BODY_BYTES + 1);
  const declared = new Request(URL, { method: 'POST', headers: { 'content-length': `${huge.length}` }, body: '{}' });
  let pulled = 0;
  const endless = new ReadableStream({
    pull(sink) {
      pulled += 1;
      sink.enqueue(new Uint8Array(16 * 1024));
    },
  });
  for (const request of [declared, signed(huge), new Request(URL, { method: 'POST', body: endless })]) {
    const { status, body } = await send(request);
    equal(status, 413);
    equal(body.code, 'too_large');
  }
  ok(pulled < 10, `${pulled} chunks were read`);
});

Deno.test('a body of just the largest size is read', async () => {
  const filler = LARGEST_BODY_BYTES - JSON.stringify({ ...event(), filler: '' }).length;
  await using stub = startStub(says('inserted'));
  equal((await send(signed({ ...event(), filler: 'x'.repeat(filler) }), stub)).status, 200);
  equal((await send(signed({ ...event(), filler: 'x'.repeat(filler + 1) }), stub)).status, 413);
});

Deno.test('a body that ends early, or is no text, is refused', async () => {
  const cut = new ReadableStream({ start: (sink) => sink.error(new Error('canary@example.com')) });
  for (const body of [cut, new Uint8Array([0xff, 0xfe]), new Uint8Array([0x7b, 0xc3])]) {
    const answer = await send(new Request(URL, { method: 'POST', body }));
    equal(answer.status, 400);
    equal(answer.body.code, 'unreadable_body');
  }
});

const stock = { type: 'INSERT', table: 'users', schema: 'auth', record: { id: USER, email: 'canary@example.com' } };
const others: Record<string, unknown> = {
  'no JSON': 'canary@example.com',
  'an empty body': '',
  'JSON after a byte order mark, which is signed too': `\ufeff${JSON.stringify(event())}`,
  'an array': [event()],
  null: 'null',
  'another event': { ...event(), type: 'user.deleted' },
  'an event without a type': { user_id: USER },
  'an id that is none': event('canary@example.com'),
  'an id that is a number': event(42),
  'no id': event(null),
  'a hook without a user': { metadata: { name: 'after-user-created' } },
  'a hook whose user has no id': hook('after-user-created', null),
  'another hook': hook('send-email'),
  'the token hook': { user_id: USER, claims: { email: 'canary@example.com' }, authentication_method: 'password' },
  'the stock database webhook': stock,
};
for (const [what, payload] of Object.entries(others)) {
  Deno.test(`${what} is refused although it is signed`, async () => {
    await using stub = startStub(says('inserted'));
    const { status, body } = await send(signed(payload), stub);
    equal(status, 400);
    equal(body.code, 'unknown_payload');
    equal(stub.calls.length, 0);
  });
}

Deno.test('who sends the stock database webhook hears what is wrong with it', async () => {
  match(`${(await send(signed(stock))).body.message}`, /password hash/);
});

Deno.test('an error that lasts is shown to pg_net, and stops no sign-up', async () => {
  await using stub = startStub(fails('23505', 409));
  const webhook = await send(signed(event()), stub);
  equal(webhook.status, 422);
  deepEqual(webhook.body, { status: 'failed', code: '23505', user_id: USER });
  const fromAuth = await send(signed(hook()), stub);
  equal(fromAuth.status, 200);
  deepEqual(fromAuth.body, { status: 'failed', code: '23505', user_id: USER });
  equal(stub.calls.length, 2, 'it is not asked again');
  for (const { log: [entry] } of [webhook, fromAuth]) {
    equal(entry.level, 'error');
    deepEqual([entry.user_id, entry.code], [USER, '23505']);
  }
});

Deno.test('an error that passes is tried again here first, and then by the caller', async () => {
  await using stub = startStub(fails('40001', 500), fails('53300', 503), says('inserted'));
  const { status, log } = await send(signed(event()), stub);
  equal(status, 200);
  equal(log[0].attempts, 3);

  await using ill = startStub({ status: 503, body: { message: 'canary' } });
  const hopeless = await send(signed(hook()), ill);
  equal(hopeless.status, 503);
  ok(Number(hopeless.headers.get('retry-after')) > 0, 'Auth asks again only with Retry-After');
  deepEqual(hopeless.body, { status: 'unavailable', code: 'http_503', user_id: USER });
  ok(ill.calls.length > 1);
});

Deno.test('three attempts of Auth fit into its five seconds, and one of pg_net into its ten', async () => {
  await using stub = startStub('hangs');
  const started = performance.now();
  equal((await send(signed(hook()), stub)).status, 503);
  ok(3 * (performance.now() - started) < 5000 && 3 * BUDGET_MS.hook < 5000);
  ok(BUDGET_MS.webhook < 10_000);
});

Deno.test('what goes wrong in an unforeseen way is an answer too', async () => {
  const request = new Proxy(signed(event()), {
    get: () => {
      throw new RangeError('canary@example.com');
    },
  });
  const { status, body, log } = await send(request);
  equal(status, 500);
  deepEqual(body, { status: 'failed', code: 'internal' });
  deepEqual(log, [{ level: 'error', event: 'internal', code: 'RangeError' }]);
});
