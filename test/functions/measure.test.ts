import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mergeMeasures } from '../../src/http/merge.ts';
import type { Clock, Measure } from '../../src/port.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import type { Mapping } from '../../src/sql/mapping.ts';
import { mappingHash } from '../../src/sql/mapping-hash.ts';
import { SIGNATURES } from '../../src/sql/signatures.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { call, TEXTBOOK_MAPPING } from '../support/functions.ts';
import { TEXTBOOK_TABLE } from '../support/job.ts';
import { ago, insertUser, twelveKinds } from '../support/people.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
});

const literal = (scope: object) => `'${JSON.stringify(scope)}'`;

async function measured(scope: object = {}): Promise<Measure> {
  const { mapping: _, replica: __, ...measure } = await answered(scope);
  return measure;
}

function answered(scope: object): Promise<Measure & { mapping: string; replica: boolean }> {
  return call(db, 'userdrift_measure', literal(scope));
}

const WRITES = { insert: true, update: false };

/** What the postgres transport measures. */
async function overPostgres(mapping: Mapping, since: string | null, clock?: Clock): Promise<Measure> {
  const signal = new AbortController().signal;
  const options = { runId: 'measure', concurrency: 1, signal, onRetry: () => {} };
  const port = await openPostgres(parseAddress(db.url, { rootCert: null }), options);
  try {
    const tables = port.bind(mapping, {
      rowSecurity: false,
      graceMs: 60_000,
      orphans: true,
      providers: true,
      writes: WRITES,
    });
    return await tables.measure({ since, shard: null }, clock);
  } finally {
    await port.close('settle');
  }
}

async function idsOf(scope: object, page: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const at: string = after === null ? 'null' : `'${after}'`;
    const found: { ids: string[]; next: string | null } = await call(
      db,
      'userdrift_missing',
      `${at}, ${page}, ${literal(scope)}`,
    );
    ids.push(...found.ids);
    after = found.next;
  } while (after !== null);
  return ids;
}

/** All kinds of users, rows of nobody, users at both ends of the uuid space. */
async function town(mapping: Mapping): Promise<void> {
  const key = `${mapping.key} ${mapping.keyType} primary key`;
  await db.queryAsPostgres(`create table public.users (${key}, email text, full_name text, created_at timestamptz)`);
  await twelveKinds(db);
  await twelveKinds(db);
  await crowd(db, 60);
  for (const id of ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'])
    await insertUser(db, { id });
  await insertUser(db, { created_at: null });
  await insertUser(db, { created_at: ago({ hours: 24 * 40 }), raw_app_meta_data: { provider: 'google' } });
  await db.query(`insert into public.users (${mapping.key}) select id from auth.users where random() < 0.4`);
  await db.query(`insert into public.users (${mapping.key}) select gen_random_uuid() from generate_series(1, 9)`);
  if (mapping.keyType === 'text') await db.query(`insert into public.users values ('auth0|nobody')`);
  await db.queryAsPostgres(functionsSql(mapping));
}

const TEXT_KEY: Mapping = { ...TEXTBOOK_MAPPING, key: 'uid', keyType: 'text' };
const SKIPPING: Mapping = {
  ...TEXTBOOK_MAPPING,
  skip: { deleted: true, anonymous: false, sso: true, where: "u.raw_app_meta_data->>'provider' = 'phone'" },
};

test.each([
  ['a uuid key', TEXTBOOK_MAPPING],
  ['a text key', TEXT_KEY],
  ['other users skipped', SKIPPING],
])('with %s it counts what the postgres transport counts, whole and in a part', async (_, mapping) => {
  await town(mapping);
  const first = await overPostgres(mapping, null);
  const { mapping: hash, replica, ...ours } = await answered({ ...first.clock, orphans: true });
  expect(ours).toEqual(first);
  expect(first.missing).toBeGreaterThan(20);
  expect(first.orphans).toBe(9);
  expect({ hash, replica }).toEqual({ hash: mappingHash(mapping), replica: false });
  const since = ago({ hours: 48 }).toISOString();
  const narrow = await overPostgres(mapping, since, first.clock);
  expect(await measured({ ...first.clock, since, breakdown: false })).toEqual(narrow);
});

const uuid = fc.uuid();

test.each([
  ['a uuid key', TEXTBOOK_MAPPING],
  ['a text key', TEXT_KEY],
])('with %s the measures of any split add up to the whole, and so do the ids', async (_, mapping) => {
  await town(mapping);
  const { clock, ...whole } = await measured({ orphans: true });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(uuid, { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), async (cuts, page) => {
      const bounds = [null, ...cuts.sort(), null];
      const scopes = bounds.slice(1).map((to, index) => ({ from: bounds[index] ?? null, to, orphans: true, ...clock }));
      const parts: Measure[] = [];
      const ids: string[] = [];
      for (const scope of scopes) {
        parts.push(await measured(scope));
        ids.push(...(await idsOf({ ...scope, window: page * 2 }, page)));
      }
      expect(mergeMeasures(parts)).toEqual({ ...whole, clock });
      expect(ids).toEqual(await idsOf({ ...clock }, 1000));
      expect(ids).toHaveLength(whole.missing);
    }),
    { numRuns: 8 },
  );
});

test('by hand it needs nothing: a minute of grace, no orphans, a breakdown', async () => {
  await db.queryAsPostgres(`${TEXTBOOK_TABLE}; ${functionsSql(TEXTBOOK_MAPPING, { graceMs: 3_600_000 })}`);
  await insertUser(db, { created_at: ago({ seconds: 600 }) });
  const { id } = await insertUser(db);
  const counted = {
    missing: 1,
    excluded: { grace: 1 },
    orphans: null,
    sample: [id],
    breakdown: { days: [{ missing: 1 }] },
  };
  expect(await call(db, 'userdrift_measure')).toMatchObject(counted);
  expect(await call(db, 'userdrift_measure', 'null')).toMatchObject({ ...counted, sourceTotal: 2 });
  expect(await call(db, 'userdrift_missing')).toMatchObject({ ids: [id], next: null });
  expect(await measured({ graceMs: 60_000 })).toMatchObject({ missing: 2 });
});

test('a window bounds what one call looks at, whoever is missing in it', async () => {
  await db.queryAsPostgres(`${TEXTBOOK_TABLE}; ${functionsSql(TEXTBOOK_MAPPING)}`);
  const ids = await crowd(db, 50);
  await db.query('insert into public.users (id) select id from auth.users where id <> $1', [ids[40]]);
  const looked: (string | null)[] = [];
  for (let after: string | null = null, turn = 0; turn === 0 || after !== null; turn += 1) {
    const at: string = after === null ? 'null' : `'${after}'`;
    const answer: { next: string | null } = await call(db, 'userdrift_missing', `${at}, 10, '{"window": 19}'`);
    after = answer.next;
    looked.push(after);
  }
  expect(looked).toEqual([ids[19], ids[39], null]);
});

test('a column that users could make themselves admins with is taken from nowhere', async () => {
  await db.queryAsPostgres(
    `create table public.users (id uuid primary key, email text, role text default 'member', is_admin boolean)`,
  );
  await db.queryAsPostgres(functionsSql({ ...TEXTBOOK_MAPPING, columns: [{ name: 'email', expression: 'u.email' }] }));
  const { id } = await insertUser(db, { raw_user_meta_data: { role: 'admin', is_admin: true } });
  await call(db, 'sync_user_from_auth', `'${id}'`);
  expect(await db.query('select role, is_admin from public.users')).toEqual([{ role: 'member', is_admin: null }]);
});

test('whoever the owner may not see is an error, never nobody', async () => {
  await db.queryAsPostgres(`${TEXTBOOK_TABLE}; ${functionsSql(TEXTBOOK_MAPPING)}`);
  const { id } = await insertUser(db);
  const { name } = await db.createRole();
  await db.query(`grant usage on schema auth, public to ${name}; grant all on auth.users, public.users to ${name}`);
  for (const { name: routine, arguments: args } of SIGNATURES.functions)
    await db.query(`alter function public.${routine}(${args}) owner to ${name}`);
  const asAdmin = (sql: string) => db.query(`select public.${sql}`);
  await expect(asAdmin('userdrift_measure()')).rejects.toMatchObject({ code: '42501' });
  await expect(asAdmin('userdrift_missing()')).rejects.toMatchObject({ code: '42501' });
  await expect(asAdmin(`sync_user_from_auth('${id}')`)).rejects.toMatchObject({ code: '42501' });
  await expect(asAdmin(`sync_users_from_auth(array['${id}'::uuid])`)).rejects.toMatchObject({ code: '42501' });
});
