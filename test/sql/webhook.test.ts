import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { authServer, type SignUps } from '../support/auth-server.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { expectNoCanary, insertUser } from '../support/people.ts';
import { PG_NET } from '../support/pg-net.ts';
import { apply, printed } from '../support/printed.ts';

/** Stands in for Vault, which is in no embedded server, with the signature of supabase_vault 0.3. */
const VAULT = `
create schema vault;
grant usage on schema vault to postgres;
create view vault.decrypted_secrets as select name, value as decrypted_secret
from (values ('userdrift_webhook_secret', 'of the vault'), ('userdrift_webhook_url', 'https://vault.example.com')) v (name, value);
grant select on vault.decrypted_secrets to postgres;`;

const URL = 'https://abcdefghijkl.supabase.co/functions/v1/sync-user';
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

let db: TestDatabase;
let auth: SignUps;

beforeAll(async () => {
  db = await createDatabase();
  auth = authServer(db);
});
afterAll(async () => {
  await auth?.end();
  await db?.drop();
});

beforeEach(async () => {
  await db.query(`drop schema if exists userdrift, net, vault, extensions cascade; delete from auth.users;
    create schema extensions; grant usage on schema extensions to postgres; create extension pgcrypto schema extensions`);
  await db.query(PG_NET);
  auth.warnings();
});

interface Request {
  url: string;
  body: string;
  headers: Record<string, string>;
  timeout: number;
}

function requests(): Promise<Request[]> {
  return db.query<Request & Record<string, unknown>>(
    `select url, convert_from(sent, 'UTF8') as body, headers, timeout from net.requests`,
  );
}

async function install(config: object = {}, secret = SECRET): Promise<void> {
  await apply(db, await printed('webhook', config));
  const store = 'insert into userdrift.secrets values ($1, $2), ($3, $4)';
  await db.postgres.query(store, ['userdrift_webhook_url', URL, 'userdrift_webhook_secret', secret]);
}

describe('the webhook', () => {
  test('posts the id and nothing of the person, signed as Standard Webhooks has it', async () => {
    await install();
    const { id } = await insertUser(auth.db);
    expect(auth.warnings()).toEqual([]);
    const [request, ...others] = await requests();
    expect(others).toEqual([]);
    expect(request).toMatchObject({ url: URL, timeout: 10_000 });
    const { body = '', headers = {} } = request ?? {};
    expect(new Set(Object.keys(JSON.parse(body)))).toEqual(new Set(['occurred_at', 'type', 'user_id']));
    expect(new Webhook(SECRET).verify(body, headers)).toEqual({
      type: 'user.created',
      user_id: id,
      occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const names = ['Content-Type', 'webhook-id', 'webhook-timestamp', 'webhook-signature'];
    expect(new Set(Object.keys(headers))).toEqual(new Set(names));
    const queued = JSON.stringify(request);
    expectNoCanary(queued);
    expect(queued).not.toContain(SECRET.slice(6));
  });

  test('is refused once a byte of it is another', async () => {
    await install();
    await insertUser(auth.db);
    const [{ body, headers } = { body: '', headers: {} }] = await requests();
    expect(() => new Webhook(SECRET).verify(body.replace('created', 'deleted'), headers)).toThrow(
      'No matching signature',
    );
    const other = new Webhook(randomBytes(32).toString('base64'));
    expect(() => other.verify(body, headers)).toThrow('No matching signature');
  });

  test.for([
    ['v1,', ''],
    ['v1,whsec_', ''],
    ['', '\n'],
  ])('takes the secret with %j before and %j after it', async ([before = '', after = '']) => {
    await install({}, `${before}${SECRET.slice(6)}${after}`);
    await insertUser(auth.db);
    const [{ body, headers } = { body: '', headers: {} }] = await requests();
    expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({ type: 'user.created' });
  });

  test('numbers every message anew', async () => {
    await install();
    for (let count = 0; count < 3; count++) await insertUser(auth.db);
    const ids = (await requests()).map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
  });

  test('reads URL and secret from Vault where there is one', async () => {
    await install();
    await db.query(VAULT);
    await insertUser(auth.db);
    expect(auth.warnings().join()).toMatch(/was not posted \(22023\)$/);
    await db.query(`create or replace view vault.decrypted_secrets as select name, value as decrypted_secret
      from (values ('userdrift_webhook_secret', '${SECRET}'), ('userdrift_webhook_url', 'https://vault.example.com')) v (name, value)`);
    await insertUser(auth.db);
    const [{ url, body, headers } = { url: '', body: '', headers: {} }] = await requests();
    expect(url).toBe('https://vault.example.com');
    expect(new Webhook(SECRET).verify(body, headers)).toMatchObject({ type: 'user.created' });
  });

  test('speaks of those alone who are expected, and of an anonymous one when it turns permanent', async () => {
    await install({ skip: { where: 'u.phone is null' } });
    await insertUser(auth.db, { phone: null });
    await insertUser(auth.db, { deleted_at: new Date() });
    const { id } = await insertUser(auth.db, { is_anonymous: true });
    expect(await requests()).toEqual([]);
    await auth.db.admin.query('update auth.users set last_sign_in_at = now()');
    expect(await requests()).toEqual([]);
    await auth.db.admin.query('update auth.users set is_anonymous = false where id = $1', [id]);
    expect((await requests()).map(({ body }) => JSON.parse(body).user_id)).toEqual([id]);
  });
});

describe('a sign-up goes on', () => {
  test.for<[name: string, setup: string, warning: RegExp]>([
    ['pg_net is not installed', 'drop schema net cascade', /: pg_net is not installed$/],
    ['pgcrypto is not there', 'drop schema extensions cascade', /\(3F000\)$|\(42883\)$/],
    ['no secret is stored', `delete from userdrift.secrets where name = 'userdrift_webhook_secret'`, /is not stored$/],
    ['no URL is stored', `delete from userdrift.secrets where name = 'userdrift_webhook_url'`, /is not stored$/],
    ['the secret is no base64', `update userdrift.secrets set value = 'whsec_???'`, /\(22023\)$/],
    ['the table of secrets is gone', 'drop table userdrift.secrets', /\(42P01\)$/],
    [
      'Vault fails',
      `${VAULT} create or replace view vault.decrypted_secrets as select name, repeat('x', 1 / 0) as decrypted_secret
      from (values ('a')) v (name)`,
      /\(22012\)$/,
    ],
    ['the secret is empty', `update userdrift.secrets set value = 'whsec_'`, /is not stored$/],
    ['pg_net fails', `alter table net.requests add check (url = '')`, /\(23514\)$/],
    [
      'pg_net is another one',
      `drop function net.http_post; create function net.http_post(text) returns int language sql as 'select 1'`,
      /: pg_net is not installed$/,
    ],
    ['the queue of pg_net is locked', '', /\(55P03\)$/],
  ])('when %s', async ([name, setup, warning]) => {
    await install();
    await db.query(setup);
    const other = await db.admin.connect();
    if (name.includes('locked')) await other.query('begin; lock table net.requests in access exclusive mode');
    const began = performance.now();
    const { id } = await insertUser(auth.db);
    expect(performance.now() - began).toBeLessThan(2500);
    await other.query('rollback');
    other.release();
    const said = auth.warnings();
    expect(said).toEqual([expect.stringMatching(warning)]);
    expect(said.join()).toContain(`userdrift: user ${id} was not posted`);
    expectNoCanary(said.join());
    expect(said.join()).not.toContain('whsec');
    expect(await db.query('select id from auth.users')).toEqual([{ id }]);
  });
});

describe('the text', () => {
  test('holds no secret of its own, and says what to do about those who are missing', async () => {
    const text = await printed('webhook', {}, db.url);
    expect(text).toContain('openssl rand');
    expect(text).not.toMatch(/whsec_[A-Za-z0-9+/]{8}/);
    expect(text).not.toContain('NOTE');
    await db.query('drop schema net, extensions cascade');
    const bare = await printed('webhook', {}, db.url);
    expect(bare.match(/NOTE: [^;]*;/g)).toEqual([
      'NOTE: pg_net is not installed here, so nothing is posted until: create extension pg_net;',
      'NOTE: pgcrypto is not in schema extensions, so nothing is posted until: create extension pgcrypto schema extensions;',
    ]);
  });
});
