import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report.ts';
import { shardBounds } from '../../src/sql/shard.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { gateBefore } from '../support/gate.ts';
import { insertUser, softDelete } from '../support/people.ts';

const COUNT = 4;
const SHARDS = Array.from({ length: COUNT }, (_, index) => index + 1);
/** The last id of each shard but the last, and the first of the next; the two ends of the space. */
const EDGES = [
  '00000000-0000-0000-0000-000000000000',
  ...['3f', '7f', 'bf'].map((byte) => `${byte}ffffff-ffff-ffff-ffff-ffffffffffff`),
  ...['40', '80', 'c0'].map((byte) => `${byte}000000-0000-0000-0000-000000000000`),
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
];
/** Nobody's e-mail may have this in it. */
const REFUSED = '20000000-0000-0000-0000-000000000001';

let db: TestDatabase;
let whole: Report;
let parts: { report: Report; code: number | null }[];

beforeAll(async () => {
  db = await createDatabase();
  await canaryCrowd(db, 120);
  for (const id of EDGES) await insertUser(db, { id });
  await insertUser(db, { id: REFUSED, email: 'refused@example.org' });
  for (const id of ['10', '50', '90', 'd0'].map((byte) => `${byte}000000-0000-0000-0000-000000000001`)) {
    await softDelete(db, await insertUser(db, { id }));
  }
  for (const table of ['public.twin', 'public.users']) {
    await createTable(db, `${PLAIN_COLUMNS}, constraint refusing check (email not like 'refused%')`, table);
    // Some are there already, in each shard.
    await db.query(
      `insert into ${table} (id) select id from auth.users where id::text ~ '^[048c].*[0-3]$' and id <> $1`,
      [EDGES[0]],
    );
    await logInserts(table);
  }
  whole = await inOneRun();
  parts = await inShardsAtOnce();
}, 60_000);
afterAll(() => db.drop());

/** Each row that an INSERT brought, however often. */
async function logInserts(table: string): Promise<void> {
  const name = table.replace('public.', '');
  await db.queryAsPostgres(`
    create table public.log_${name} (id uuid);
    create function public.note_${name}() returns trigger language plpgsql as $$
      begin insert into public.log_${name} values (new.id); return null; end $$;
    create trigger note after insert on ${table} for each row execute function public.note_${name}()`);
}

async function inOneRun(): Promise<Report> {
  const config = { ...PLAIN_CONFIG, target: 'public.twin' };
  return (await run(['backfill', '--yes', '--json'], { url: db.url, config })).json();
}

/** One process for each shard, as an Indexed Job starts them; all of them hold rows at the gate before any may pass. */
async function inShardsAtOnce(): Promise<typeof parts> {
  const gate = await gateBefore(db, 'public.users');
  const running = await Promise.all(
    SHARDS.map((index) =>
      start(['backfill', '--yes', '--json', '--shard', `auto/${COUNT}`, '--concurrency', '1'], {
        url: db.url,
        config: PLAIN_CONFIG,
        env: { JOB_COMPLETION_INDEX: String(index - 1) },
      }),
    ),
  );
  await gate.crowded(COUNT);
  await gate.open();
  const ends = await Promise.all(running.map(({ done }) => done));
  return ends.map((end) => ({ report: end.json(), code: end.code }));
}

/** Every number of a report that speaks of users. */
function numbersOf({
  source,
  drift,
  excluded,
  repair,
  residual,
  failuresTotal,
}: Report): Record<string, number | null> {
  return {
    total: source.total,
    missing: drift.missing,
    ...excluded,
    ...repair,
    residual: residual.missing,
    arrived: residual.arrived,
    failuresTotal,
  };
}

/** The lower-case text of a uuid sorts as the uuid does. */
function within(id: string, index: number): boolean {
  const { after, upTo } = shardBounds({ index, count: COUNT });
  return (after === null || id > after) && (upTo === null || id <= upTo);
}

describe(`${COUNT} shards in as many processes at once`, () => {
  test('together they are one run: each number of the reports adds up', () => {
    const sums: Record<string, number> = {};
    for (const { report } of parts) {
      for (const [name, number] of Object.entries(numbersOf(report)))
        sums[name] = (sums[name] ?? 0) + (number ?? Number.NaN);
    }
    expect(sums).toEqual(numbersOf(whole));
    expect(whole).toMatchObject({ excluded: { deleted: 4 }, repair: { failed: 1 }, residual: { missing: 1 } });
    expect(whole.repair.inserted).toBeGreaterThan(EDGES.length);
  });

  test('they leave the same rows behind', async () => {
    const rows = (table: string) => db.query(`select id, email, full_name from public.${table} order by id`);
    const ofOne = await rows('twin');
    expect(ofOne.length).toBeGreaterThan(100);
    expect(await rows('users')).toEqual(ofOne);
    expect(await idsIn(db)).toEqual(expect.arrayContaining(EDGES));
  });

  test('nobody is inserted twice', async () => {
    const log = (await db.query<{ id: string }>('select id from public.log_users order by id')).map(({ id }) => id);
    expect(new Set(log).size).toBe(log.length);
    expect(log).toHaveLength(whole.repair.inserted);
    expect(await db.query('select id from public.log_twin order by id')).toEqual(log.map((id) => ({ id })));
  });

  test('each has written its own users and no others, the last and the first of a shard included', async () => {
    const log = (await db.query<{ id: string }>('select id from public.log_users')).map(({ id }) => id);
    for (const [position, { report }] of parts.entries()) {
      expect(report.scope).toMatchObject({ full: false, shard: `${position + 1}/${COUNT}` });
      expect(report.repair.inserted).toBe(log.filter((id) => within(id, position + 1)).length);
      expect(report.repair.inserted).toBeGreaterThan(2);
    }
    expect(SHARDS.map((index) => EDGES.filter((id) => within(id, index)).length)).toEqual(SHARDS.map(() => 2));
  });

  test('a user who cannot be written is the business of one shard', () => {
    expect(parts.map(({ code }) => code)).toEqual([2, 0, 0, 0]);
    expect(parts.map(({ report }) => report.verdict)).toEqual(['unrepaired', 'repaired', 'repaired', 'repaired']);
    expect(parts[0]?.report.failures).toEqual(whole.failures);
    expect(whole).toMatchObject({ exitCode: 2, failures: [{ id: REFUSED, code: '23514' }] });
  });
});

describe.concurrent('--shard auto/N', () => {
  test.for([
    ['auto/4', '4'],
    ['auto/4', '-1'],
    ['auto/4', '1.5'],
    ['auto/4', 'one'],
    ['auto/4', ''],
    ['auto/0', '0'],
    ['auto', '0'],
    ['auto/4/2', '0'],
  ])('%s with JOB_COMPLETION_INDEX=%j is a wrong command line (64)', async ([shard = '', index = '']) => {
    const { code, said, stdout } = await run(['backfill', '--yes', '--shard', shard], {
      url: 'postgresql://postgres:secret-word@127.0.0.1:1/postgres',
      env: { JOB_COMPLETION_INDEX: index },
    });
    expect(said.join('\n')).toMatch(/--shard.*JOB_COMPLETION_INDEX/);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  });

  test('a shard that is named wins over the variable', async () => {
    const env = { JOB_COMPLETION_INDEX: '2' };
    const { json } = await run(['check', '--shard', '1/4', '--json'], { url: db.url, config: PLAIN_CONFIG, env });
    expect(json().scope.shard).toBe('1/4');
  });
});
