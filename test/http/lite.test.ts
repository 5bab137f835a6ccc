import { serve } from '@hono/node-server';
import { App, generateApiKey } from '@supabase/lite';
import type { PostgresConnection } from '@supabase/lite/postgres';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseHttpAddress } from '../../src/http/address.ts';
import { openHttp } from '../../src/http/port.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import { idsIn } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';
import { over, TEXTBOOK_TABLE } from '../support/job.ts';
import { connectLite } from '../support/lite.ts';
import { type Kind, type Person, twelveKinds } from '../support/people.ts';

// Runs before the imports: Supabase Lite must not report its use.
vi.hoisted(() => {
  process.env.LITE_TELEMETRY = '0';
});

/**
 * A Data API that is not ours: that of Supabase Lite, on a port of its own. It logs in as postgres, for it looks foreign
 * keys up, and the role authenticator may not enter schema auth.
 */
let db: TestDatabase;
let connection: PostgresConnection;
let server: ReturnType<typeof serve>;
let people: Record<Kind, Person>;
let url: string;
const keys = { secret: '', publishable: '' };
const run = over('http');

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(`${TEXTBOOK_TABLE}; ${functionsSql(TEXTBOOK_MAPPING)}`);
  people = await twelveKinds(db);
  keys.secret = (await generateApiKey('secret')).key;
  keys.publishable = (await generateApiKey('publishable')).key;
  connection = connectLite(db.url);
  const app = new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: crypto.randomUUID(),
      publishable_key: keys.publishable,
      secret_key: keys.secret,
    },
  });
  // It prints every error of the server.
  vi.spyOn(console, 'error').mockImplementation(() => {});
  url = await new Promise((resolve) => {
    server = serve({ fetch: (request) => app.fetch(request), port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve(`http://127.0.0.1:${port}`),
    );
  });
});
afterAll(async () => {
  server?.close();
  await connection?.close();
  await db?.drop();
});

const open = (key: string) => () =>
  openHttp(parseHttpAddress(url, key), { signal: new AbortController().signal, onRetry: () => {} });

test('a check, a sync and a check of one person go through it', async () => {
  const asked = { url: db.url, open: open(keys.secret) };
  expect(await run('check', asked)).toMatchObject({ verdict: 'drift', drift: { missing: 9 }, source: { total: 12 } });
  expect(await run('sync', asked)).toMatchObject({
    verdict: 'repaired',
    repair: { inserted: 9 },
    residual: { missing: 0 },
  });
  const flags = { user: [people.anonymous.id] };
  expect((await run('check', { ...asked, flags })).users).toMatchObject([{ outcome: 'excluded', why: 'anonymous' }]);
  expect(await idsIn(db)).toHaveLength(9);
});

test('a key that is none, and one for browsers, are refused', async () => {
  const wrong = await run('check', { url: db.url, open: open('sb_secret_made_up') });
  expect(wrong).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'wrong_key' } });
  for (const name of ['userdrift_measure', 'userdrift_missing']) {
    const headers = { apikey: keys.publishable, 'content-type': 'application/json' };
    const response = await fetch(`${url}/rest/v1/rpc/${name}`, { method: 'POST', headers, body: '{}' });
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 401,
      body: { code: '42501' },
    });
  }
});
