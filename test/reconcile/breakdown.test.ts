import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Measure } from '../../src/port.ts';
import { missingByTime } from '../../src/reconcile/breakdown.ts';
import type { Report } from '../../src/report.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Asked, run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { onTables } from '../support/on-tables.ts';
import { ago, insertUser, type UserColumns } from '../support/people.ts';

describe('missingByTime', () => {
  const days = (count: number, step = 1) =>
    Array.from({ length: count }, (_, index) => ({
      day: new Date(Date.UTC(2020, 0, 31 + index * step)).toISOString().slice(0, 10),
      missing: index + 1,
    }));

  test.for<[string, number, number, string, number]>([
    ['nobody', 0, 1, 'day', 0],
    ['one day', 1, 1, 'day', 1],
    ['fourteen days, however far apart', 14, 400, 'day', 14],
    ['fifteen days', 15, 1, 'month', 2],
    ['twenty-four months', 24, 31, 'month', 24],
    ['more', 30, 31, 'year', 3],
    ['a century', 100, 366, 'year', 100],
  ])('%s', ([, count, step, unit, lines]) => {
    const found = missingByTime(days(count, step));
    expect(found.unit).toBe(unit);
    expect(found.counts).toHaveLength(lines);
  });

  test('starts each unit on its first day, in order', () => {
    const found = missingByTime([...days(15), { day: null, missing: 7 }]);
    expect(found).toEqual({
      unit: 'month',
      counts: [
        { start: '2020-01-01', missing: 1 },
        { start: '2020-02-01', missing: 119 },
      ],
      unknown: 7,
    });
  });

  test('loses nobody and counts nobody twice', () => {
    const entry = fc.record({ day: fc.option(fc.integer({ min: 0, max: 3_000_000 })), missing: fc.nat(1000) });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ day }) => day, maxLength: 200 }), (entries) => {
        const sorted = entries
          .sort((a, b) => (a.day ?? Number.POSITIVE_INFINITY) - (b.day ?? Number.POSITIVE_INFINITY))
          .map(({ day, missing }) => ({
            day: day === null ? null : new Date(-62_135_596_800_000 + day * 86_400_000).toISOString().slice(0, 10),
            missing,
          }));
        const { counts, unknown } = missingByTime(sorted);
        expect(sum(counts) + unknown).toBe(sum(sorted));
        expect(counts.map(({ start }) => start)).toEqual([...new Set(counts.map(({ start }) => start))].sort());
      }),
    );
  });
});

describe('a check', () => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await createDatabase();
    // A day is UTC's, wherever the server thinks it is.
    await db.query(`alter role postgres in database ${db.name} set timezone = 'Pacific/Auckland'`);
  });
  afterAll(() => db.drop());
  beforeEach(async () => {
    await db.query('drop schema if exists api cascade; drop table if exists public.users; delete from auth.users');
    await db.queryAsPostgres(TEXTBOOK_TABLE);
  });

  const check = (asked: Partial<Asked> = {}) => run('check', { url: db.url, ...asked });
  const from = (provider: unknown): Partial<UserColumns> => ({ raw_app_meta_data: { provider } });
  const at = (created_at: string | null): Partial<UserColumns> => ({ created_at });

  async function insert(...users: Partial<UserColumns>[]): Promise<void> {
    for (const user of users) await insertUser(db, { email: null, phone: null, ...user });
  }

  test('puts each user into the day of UTC on which it signed up', async () => {
    await insert(
      at('2026-03-28T23:59:59.999999Z'),
      at('2026-03-29T00:00:00Z'),
      at('2026-03-29T23:59:59.999999Z'),
      at('2026-03-29T23:30:00-05:00'),
    );
    const { drift } = await check();
    expect(drift.missingByTime).toEqual({
      unit: 'day',
      counts: [
        { start: '2026-03-28', missing: 1 },
        { start: '2026-03-29', missing: 2 },
        { start: '2026-03-30', missing: 1 },
      ],
      unknown: 0,
    });
  });

  test('has no day for those without one', async () => {
    await insert(
      at(null),
      at('infinity'),
      at('-infinity'),
      at('0044-03-15 12:00:00+00 BC'),
      at('0001-01-01 00:00:00+00'),
      at('9999-12-31 23:59:59.999999+00'),
      at('10000-01-01 00:00:00+00'),
      at('294276-12-31 00:00:00+00'),
    );
    const report = await check();
    expect(report.drift.missingByTime).toEqual({
      unit: 'day',
      counts: [
        { start: '0001-01-01', missing: 1 },
        { start: '9999-12-31', missing: 1 },
      ],
      unknown: 6,
    });
    expectSums(report, 8);
  });

  test.for([
    [15, '1 day', 'month'],
    [40, '20 days', 'year'],
  ] as const)('%i sign-ups %s apart are shown by %s', async ([count, step, unit]) => {
    await db.query(
      `insert into auth.users (id, created_at) select gen_random_uuid(), timestamptz '2024-01-10Z' + i * $2::interval from generate_series(1, $1::int) i`,
      [count, step],
    );
    const report = await check();
    expect(report.drift.missingByTime?.unit).toBe(unit);
    expectSums(report, count);
  });

  test('counts providers by names that are known, the most frequent first, and quotes no other', async () => {
    const canary = 'canary@example.com';
    await insert(
      ...['google', 'email', 'google', 'linkedin_oidc', 'x'].map(from),
      ...['sso:8a2ac6f0-9d5c-4b8e-9d3e-2f1a0c3b4d5e', `sso:${canary}`, `custom:${canary}`].map(from),
      ...[
        canary,
        'Email',
        'email ',
        '',
        'sso',
        'custom',
        'unknown',
        '\u001b[31m',
        '::error::x',
        "'; drop table x --",
      ].map(from),
      ...[42, true, ['email'], { email: canary }].map(from),
      from(null),
      { raw_app_meta_data: {} },
      { raw_app_meta_data: null },
    );
    const report = await check();
    expect(report.drift.missingByProvider).toEqual([
      { provider: 'other', missing: 14 },
      { provider: 'unknown', missing: 3 },
      { provider: 'google', missing: 2 },
      { provider: 'sso', missing: 2 },
      { provider: 'custom', missing: 1 },
      { provider: 'email', missing: 1 },
      { provider: 'linkedin_oidc', missing: 1 },
      { provider: 'x', missing: 1 },
    ]);
    expectSums(report, 25);
    expect(JSON.stringify(report)).not.toMatch(/canary|drop table|::error/);
  });

  test('metadata that is no object has no provider', async () => {
    await db.query(
      `insert into auth.users (id, created_at, raw_app_meta_data) select gen_random_uuid(), '2026-01-01', j::jsonb from unnest(array['"email"', '["provider"]', 'null', '1']) j`,
    );
    expect((await check()).drift.missingByProvider).toEqual([{ provider: 'unknown', missing: 4 }]);
  });

  test('speaks of the missing alone: not of the excluded, of those in grace or of those who are there', async () => {
    const day = at('2026-03-28T12:00:00Z');
    await insert(
      { ...day, deleted_at: ago({ hours: 1 }) },
      { ...day, is_anonymous: true },
      { created_at: ago({ seconds: 1 }) },
    );
    await insert({ ...day, ...from('filtered') }, { ...day, is_sso_user: true });
    const { id } = await insertUser(db, day);
    await db.query('insert into public.users (id) values ($1)', [id]);
    const config = { ...TEXTBOOK, skip: { sso: true, where: "u.raw_app_meta_data->>'provider' = 'filtered'" } };
    const none = await check({ config });
    expect(none.excluded).toEqual({ deleted: 1, anonymous: 1, sso: 1, filtered: 1, grace: 1 });
    expect(none.drift).toMatchObject({ missingByTime: { unit: 'day', counts: [], unknown: 0 }, missingByProvider: [] });
    await insert(at('2026-03-29T12:00:00Z'));
    const { drift } = await check({ config });
    expect(drift.missingByTime?.counts).toEqual([{ start: '2026-03-29', missing: 1 }]);
    expect(drift.missingByProvider).toEqual([{ provider: 'email', missing: 1 }]);
  });

  test('speaks of its scope alone', async () => {
    await insert(
      { id: '00000000-0000-0000-0000-000000000000', created_at: '2026-03-28T12:00:00Z' },
      { id: 'ffffffff-ffff-4fff-bfff-ffffffffffff', created_at: '2026-03-29T12:00:00Z', ...from('google') },
      { id: 'ffffffff-ffff-4fff-bfff-fffffffffffe', created_at: null },
    );
    const since = await check({ flags: { since: '2026-03-29T00:00:00.000Z' } });
    expectSums(since, 2);
    expect(since.drift.missingByTime).toMatchObject({ counts: [{ start: '2026-03-29', missing: 1 }], unknown: 1 });
    const shard = await check({ flags: { shard: { index: 1, count: 2 } } });
    expectSums(shard, 1);
    expect(shard.drift.missingByTime).toMatchObject({ counts: [{ start: '2026-03-28', missing: 1 }], unknown: 0 });
  });

  test('a view need not tell the provider', async () => {
    await insert({}, {});
    const columns = 'id, email, created_at, deleted_at, is_anonymous, raw_user_meta_data';
    await db.query(`create schema api; grant usage on schema api to postgres;
      create view api.people as select ${columns} from auth.users; create view api.texts as select ${columns}, raw_app_meta_data::text from auth.users;
      alter view api.people owner to postgres; alter view api.texts owner to postgres`);
    for (const source of ['api.people', 'api.texts']) {
      const { drift } = await check({ config: { ...TEXTBOOK, source } });
      expect(drift).toMatchObject({ missing: 2, missingByTime: { unit: 'day' }, missingByProvider: null });
    }
  });

  test('users asked for by id are not broken down', async () => {
    const { id } = await insertUser(db);
    expect((await check({ flags: { user: [id] } })).drift).toMatchObject({
      missingByTime: null,
      missingByProvider: null,
    });
  });

  test('only the first measure of a sync asks for it', async () => {
    await insert(from('email'), from('google'));
    const seen: Measure['breakdown'][] = [];
    const report = await run('sync', {
      url: db.url,
      wrap: onTables((tables) => {
        const measure = tables.measure.bind(tables);
        tables.measure = async (...asked) => {
          const measured = await measure(...asked);
          seen.push(measured.breakdown);
          return measured;
        };
      }),
    });
    expect(report.verdict).toBe('repaired');
    expect(seen).toEqual([expect.objectContaining({ days: [expect.anything()] }), null]);
    expectSums(report, 2);
  });
});

function sum(counts: readonly { missing: number }[]): number {
  return counts.reduce((total, { missing }) => total + missing, 0);
}

function expectSums({ drift }: Report, missing: number): void {
  expect(drift.missing).toBe(missing);
  expect(sum(drift.missingByTime?.counts ?? []) + (drift.missingByTime?.unknown ?? 0)).toBe(missing);
  expect(sum(drift.missingByProvider ?? [])).toBe(missing);
}
