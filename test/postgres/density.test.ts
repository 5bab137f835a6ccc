import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Density } from '../../src/sql/counted.ts';
import type { Mapping } from '../../src/sql/mapping.ts';
import { measureSql, PARAMETERS, probeSql } from '../../src/sql/measure.ts';
import { scopedBy } from '../../src/sql/scope.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { eachMissing, onTables } from '../support/on-tables.ts';

const MAPPING: Mapping = {
  source: { schema: 'auth', name: 'users' },
  target: { schema: 'public', name: 'users' },
  key: 'id',
  keyType: 'uuid',
  columns: [],
  refresh: [],
  skip: { deleted: true, anonymous: true, sso: true, where: "u.email like '%7@%'" },
  repair: null,
};
const MIDDLE = '80000000-0000-0000-0000-000000000000';
const ONE_PASS: Density[] = [
  { without: 'many', missing: 'many' },
  { without: 'many', missing: 'few' },
];

let db: TestDatabase;
let ids: string[];

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  ids = await crowd(db, 3000);
  // Every class, time and way that there is, in the same few thousand rows.
  await db.query(`update auth.users u set
      created_at = case when n % 11 = 0 then null when n % 13 = 0 then 'infinity' when n % 17 = 0 then '0044-03-15 BC'
        when n % 7 = 0 then now() else now() - n * interval '1 hour' end,
      deleted_at = case when n % 19 = 0 then now() end,
      is_anonymous = n % 23 = 0, is_sso_user = n % 29 = 0,
      raw_app_meta_data = case when n % 31 = 0 then null
        else jsonb_build_object('provider', (array['email', 'google', 'sso:x', 'custom:y', 'a made-up one'])[n % 5 + 1]) end
    from (select id, row_number() over (order by id)::int as n from auth.users) numbered where numbered.id = u.id`);
  await db.query('insert into public.users (id) select id from auth.users where id = any($1)', [ids.slice(0, 500)]);
});
afterAll(() => db.drop());

const NOW = { cutoff: '2026-11-16T12:00:00Z', future: '2100-01-01T00:00:00Z' };

async function measured(
  density: Density,
  range: { after: string | null; upTo: string | null; since: string | null },
  mapping = MAPPING,
) {
  const looks = [{ when: 'true', scope: scopedBy(range) }];
  const asked = { ...PARAMETERS, orphans: 'true', breakdown: { when: 'true', providers: true } };
  const text = measureSql(mapping, looks, asked, density);
  const [row] = await db.query<{ measure: { missing: number; excluded: Record<string, number>; sample: string[] } }>(
    text,
    [NOW.cutoff, NOW.future, 0],
  );
  if (!row) throw new Error('no measure');
  return row.measure;
}

test.each([
  ['everybody', { after: null, upTo: null, since: null }],
  ['the first half', { after: null, upTo: MIDDLE, since: null }],
  ['the second half of the recent', { after: MIDDLE, upTo: null, since: '2026-10-01T00:00:00Z' }],
  ['nobody', { after: 'ffffffff-ffff-ffff-ffff-fffffffffffe', upTo: null, since: null }],
])('a pass over the wide rows counts what look-ups count: %s', async (name, range) => {
  const looked = await measured({ without: 'few' }, range);
  for (const density of ONE_PASS) expect(await measured(density, range), JSON.stringify(density)).toEqual(looked);
  if (name === 'nobody') return;
  expect(looked.missing).toBeGreaterThan(100);
  for (const count of Object.values(looked.excluded)) expect(count).toBeGreaterThan(0);
  expect(looked.sample).toHaveLength(20);
});

test('the filter is asked once for each user without a row, whatever it answers then', async () => {
  await db.query(`create sequence public.asked; create function public.coin(who uuid) returns boolean language sql volatile
    as $$ select nextval('public.asked') % 2 = 0 $$`);
  const mapping = { ...MAPPING, skip: { ...MAPPING.skip, where: 'public.coin(u.id)' } };
  const plain = `deleted_at is null and is_anonymous is not true and is_sso_user is not true`;
  const [others] = await db.query<{ n: number }>(
    `select count(*)::int as n from auth.users u where ${plain} and not exists (select from public.users p where p.id = u.id)`,
  );
  for (const density of [{ without: 'few' } as const, ...ONE_PASS]) {
    await db.query('alter sequence public.asked restart');
    const { missing, excluded } = await measured(density, { after: null, upTo: null, since: null }, mapping);
    const [next] = await db.query<{ n: number }>(`select nextval('public.asked')::int as n`);
    const walk = density.without === 'many' && density.missing === 'many';
    // A sample that is had along the index asks once more about whom it meets.
    if (!walk) expect(next?.n).toBe((others?.n ?? 0) + 1);
    expect(missing + (excluded.filtered ?? 0) + (excluded.grace ?? 0)).toBe(others?.n);
  }
});

const ALL = scopedBy({ after: null, upTo: null, since: null });

test('the probe counts among the first thousand', async () => {
  const [probe] = await db.query<{ looked: number; without: number; missing: number }>(probeSql(MAPPING, ALL));
  expect(probe).toMatchObject({ looked: 1000, without: 500 });
  expect(probe?.missing).toBeGreaterThan(100);
  expect(probe?.missing).toBeLessThan(500);
});

test.each(['volatile', 'stable'])('the filter is asked about users without a row only, when it is %s', async (kind) => {
  const filtered = () => run('check', { url: db.url, config: { ...TEXTBOOK, skip: { where: 'public.judge(u.id)' } } });
  await db.query(`create or replace function public.judge(who uuid) returns boolean language plpgsql ${kind} as $$ begin
    if exists (select from public.users where id = who) then raise 'asked about somebody who is there'; end if;
    return false; end $$`);
  await db.query(`delete from public.users; insert into public.users (id)
    select id from (select id, row_number() over (order by id) as n from auth.users) u where n % 2 = 0`);
  expect(await filtered()).toMatchObject({ verdict: 'drift' });
  await db.query('insert into public.users (id) select id from auth.users on conflict do nothing');
  expect(await filtered()).toMatchObject({ verdict: 'in_sync' });
});

test('a run that finds very many and nobody else leaves nobody out', async () => {
  await db.query(`truncate public.users; update auth.users set created_at = now() - interval '1 day', deleted_at = null,
    is_anonymous = false, is_sso_user = false`);
  await crowd(db, 9000);
  const report = await run('backfill', { url: db.url });
  expect(report).toMatchObject({
    verdict: 'repaired',
    drift: { missing: 12_000 },
    repair: { scanned: 12_000, inserted: 12_000 },
    residual: { missing: 0 },
  });
});

test('the probe reads no more of the target than of the source', async () => {
  await db.query('analyze auth.users; analyze public.users');
  const plan = await db.query(`explain (analyze, format json) ${probeSql(MAPPING, ALL)}`);
  const rows = [...JSON.stringify(plan).matchAll(/"Actual Rows":([\d.]+)/g)].map(([, count]) => Number(count));
  expect(rows.length).toBeGreaterThan(3);
  expect(Math.max(...rows)).toBe(1000);
});

test.each(['insert', 'public.repair_user'])(
  'somebody in grace is left alone, however many are missing: %s',
  async (repair) => {
    await db.query(`truncate public.users; delete from auth.users where id = '${MIDDLE}';
    create or replace function public.repair_user(id uuid) returns void language sql as 'insert into public.users values (id)'`);
    const seen: string[] = [];
    const signUp = onTables((tables) => {
      const measure = tables.measure.bind(tables);
      tables.measure = async (...asked) => {
        const measured = await measure(...asked);
        await db.query(`insert into auth.users (id, created_at) values ('${MIDDLE}', now()) on conflict do nothing`);
        return measured;
      };
    });
    const nobody = eachMissing((ids) => {
      seen.push(...ids);
      return [];
    });
    const report = await run('backfill', {
      url: db.url,
      config: { ...TEXTBOOK, repair: repair === 'insert' ? repair : { function: repair } },
      wrap: (port) => signUp(nobody(port)),
    });
    expect(report).toMatchObject({ verdict: 'unrepaired', residual: { missing: 12_000, arrived: 1 } });
    expect(new Set(seen).size).toBe(12_000);
    expect(seen).not.toContain(MIDDLE);
  },
);
