import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createClient } from '@supabase/supabase-js';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { idsIn } from '../support/app.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type ServedFunction, serveFunction } from '../support/deno.ts';
import { PG_NET, type PostedRequest, takeRequests } from '../support/pg-net.ts';
import { apply } from '../support/printed.ts';
import { type Supabase, startSupabase } from '../support/supabase-lite.ts';

// Runs before the imports: Supabase Lite must not report its use.
vi.hoisted(() => {
  process.env.LITE_TELEMETRY = '0';
});

/*
 * The whole real-time path, as docs/real-time.md sets it up: Auth and the Data API (Supabase Lite), PostgreSQL, the Edge
 * Function in Deno, the job. One part is played by the test: it delivers what pg_net would, byte for byte.
 */

const CONFIG = readFileSync('supabase/userdrift.config.json', 'utf8');
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let db: TestDatabase;
let supabase: Supabase;
let served: ServedFunction;

beforeAll(async () => {
  db = await createDatabase();
  await db.query('create extension pgcrypto schema extensions');
  await db.query(PG_NET);
  for (const name of readdirSync('supabase/migrations').filter((each) => !each.includes('trigger'))) {
    await apply(db, readFileSync(`supabase/migrations/${name}`, 'utf8'));
  }
  await apply(db, (await run(['sql', 'webhook'], { config: CONFIG })).stdout);
  supabase = await startSupabase(db);
  served = await serve();
  const store = 'insert into userdrift.secrets values ($1, $2), ($3, $4)';
  await db.postgres.query(store, ['userdrift_webhook_url', served.url, 'userdrift_webhook_secret', SECRET]);
});

afterAll(async () => {
  await served?.stop();
  await supabase?.stop();
  await db?.drop();
});

function serve(): Promise<ServedFunction> {
  return serveFunction({
    SUPABASE_URL: supabase.url,
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: supabase.secretKey }),
    SYNC_USER_WEBHOOK_SECRET: SECRET,
  });
}

/** Signs up as an application does; what this person may see afterwards is asked with the client. */
async function signUp(name: string) {
  const client = createClient(supabase.url, supabase.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const { data, error } = await client.auth.signUp({
    email: `${name}@example.com`,
    password: `Correct-horse-of-${name}`,
    options: { data: { full_name: `Canary ${name}` } },
  });
  expect(error).toBeNull();
  return { id: data.user?.id ?? '', client };
}

/** What pg_net does, once and never again. */
async function deliver({ url, body, headers }: PostedRequest) {
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: answer.status, body: await answer.json() };
}

async function check(...args: string[]) {
  return run(['check', '--grace', '0', ...args], { url: db.url, config: CONFIG });
}

/** A request signed as Standard Webhooks has it. */
function signed(payload: object): RequestInit {
  const [id, at, body] = ['msg_by_hand', new Date(), JSON.stringify(payload)];
  const signature = new Webhook(SECRET).sign(id, at, body);
  const stamp = String(Math.floor(at.getTime() / 1000));
  return {
    method: 'POST',
    headers: { 'webhook-id': id, 'webhook-timestamp': stamp, 'webhook-signature': signature },
    body,
  };
}

test('the function answers as docs/real-time.md says', async () => {
  const manual = readFileSync('docs/real-time.md', 'utf8');
  const nobody = { type: 'user.created', user_id: '00000000-0000-0000-0000-000000000000' };
  const asked: [RequestInit, number][] = [
    [{ method: 'GET' }, 405],
    [{ method: 'POST', body: '{}' }, 401],
    [signed(nobody), 200],
  ];
  for (const [request, status] of asked) {
    const answer = await fetch(served.url, request);
    expect(answer.status).toBe(status);
    expect(manual).toContain(`\n${await answer.text()}\n`);
  }
});

test('a row that the table refuses fails nobody’s sign-up, and is named by its code', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  await signUp('elsa');
  for (const request of await takeRequests(db)) expect(await deliver(request)).toMatchObject({ status: 200 });
  await db.queryAsPostgres('create unique index only_one on public.users ((true))');
  const { id } = await signUp('elbert');
  const [request] = await takeRequests(db);
  if (request === undefined) throw new Error('nothing was posted');
  expect(await deliver(request)).toEqual({ status: 422, body: { status: 'failed', code: '23505', user_id: id } });
  // Supabase Auth would make any other status an error of the sign-up.
  const hook = { metadata: { name: 'after-user-created' }, user: { id, email: 'elbert@example.com' } };
  const answer = await fetch(served.url, signed(hook));
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ status: 'failed', code: '23505', user_id: id });
  await db.queryAsPostgres('drop index only_one');
  expect(await deliver(request)).toEqual({ status: 200, body: { status: 'inserted', user_id: id } });
  expect(printed, 'Supabase Lite prints the errors of the database').toHaveBeenCalled();
  printed.mockRestore();
});

test('who signs up is told to the function and has a row; whom it was not told of, the job finds', async () => {
  const ada = await signUp('ada');
  expect((await check()).code).toBe(2);
  const [request, ...others] = await takeRequests(db);
  expect(others).toEqual([]);
  if (request === undefined) throw new Error('nothing was posted');
  expect(request.body.toString()).not.toMatch(/canary|example/i);

  expect(await deliver(request)).toEqual({ status: 200, body: { status: 'inserted', user_id: ada.id } });
  const row = { id: ada.id, email: 'ada@example.com', full_name: 'Canary ada' };
  expect((await ada.client.from('users').select('id, email, full_name').throwOnError()).data).toEqual([row]);
  expect((await check()).code).toBe(0);

  // Delivered again, it changes nothing; delivered with another byte, it is not believed.
  expect(await deliver(request)).toEqual({ status: 200, body: { status: 'already_present', user_id: ada.id } });
  const forged = { ...request, body: Buffer.from(request.body.toString().replace(ada.id, crypto.randomUUID())) };
  expect(await deliver(forged)).toMatchObject({ status: 401, body: { code: 'wrong_signature' } });
  expect(served.log().slice(-3)).toMatchObject([
    { level: 'info', event: 'synced', caller: 'webhook', user_id: ada.id, status: 'inserted', attempts: 1 },
    { level: 'info', event: 'synced', user_id: ada.id, status: 'already_present' },
    { level: 'warn', event: 'refused', code: 'wrong_signature' },
  ]);
  expect(served.output()).not.toMatch(/canary|example\.com/i);
  expect(served.output()).not.toContain(SECRET.slice(6));
  expect(served.output()).not.toContain(supabase.secretKey);

  // The function is down, and sign-ups go on.
  await served.stop();
  const late = [await signUp('anders'), await signUp('grace'), await signUp('miles')].map(({ id }) => id);
  const lost = await takeRequests(db);
  expect(lost).toHaveLength(3);
  for (const each of lost) await expect(deliver(each)).rejects.toThrow('fetch failed');

  const found = await check('--json');
  expect(found.code).toBe(2);
  expect(found.json()).toMatchObject({ verdict: 'drift', source: { total: 6 }, drift: { missing: 3 } });
  expect(new Set(found.json().sample)).toEqual(new Set(late));
  expect(found.json().causes).toMatchObject([
    { code: 'webhook', message: expect.stringContaining('trigger zz_userdrift_post on auth.users is a webhook') },
  ]);
  expect((await check()).stdout).toMatch(/Likely cause .*zz_userdrift_post.*fix: run userdrift sync on a schedule/s);

  const sync = await run(['sync', '--grace', '0'], { url: db.url, config: CONFIG });
  expect(sync.stdout).toContain('REPAIRED  3 missing users inserted into public.users');
  expect(sync.code).toBe(0);
  expect((await check()).code).toBe(0);
  expect(await idsIn(db)).toEqual(expect.arrayContaining([ada.id, ...late]));
});

test('over HTTP the job sees and repairs the same', async () => {
  const { id } = await signUp('lise');
  const http = {
    config: CONFIG,
    env: { SUPABASE_URL: supabase.url, SUPABASE_SECRET_KEY: supabase.secretKey },
  };
  expect((await run(['check', '--grace', '0'], http)).code).toBe(2);
  expect((await run(['sync', '--grace', '0'], http)).code).toBe(0);
  expect((await check()).code).toBe(0);
  expect(await idsIn(db)).toContain(id);
});
