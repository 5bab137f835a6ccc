import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { aged } from '../support/heap.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';

/** What a run costs, in things that do not vary: statements and turns, as they go over the wire. */

const COUNT = 12_000;
const MEASURE = /^\s*with clock/;
const PROBE = /^\s*select count\(\*\)::int as looked/;
const READ = /string_agg\(id(::text)?, ',' order by/;
const INSERT = /^with written/;
const STANDING = /as known/;

let db: TestDatabase;
let proxy: FaultProxy;
let ids: string[];

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  ids = await crowd(db, COUNT);
  await db.query('analyze auth.users');
  proxy = await startFaultProxy(db.url);
});
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await db.drop();
});
beforeEach(() => db.query('truncate public.users; insert into public.users (id) select id from auth.users'));

/** What a run sends: all of it, and how often each of these. */
async function sent(command: 'check' | 'sync' | 'backfill', config: object = TEXTBOOK) {
  const before = proxy.texts.length;
  const report = await run(command, { url: proxy.via(db.url), config, flags: { concurrency: 3 } });
  const texts = proxy.texts.slice(before);
  const count = (pattern: RegExp) => texts.filter((text) => pattern.test(text)).length;
  const counts = {
    measures: count(MEASURE),
    probes: count(PROBE),
    reads: count(READ),
    inserts: count(INSERT),
    standings: count(STANDING),
  };
  return { report, texts, counts };
}

test('with nothing to do, a sync measures once and reads nothing', async () => {
  const { report, texts, counts } = await sent('sync');
  expect(report.verdict).toBe('in_sync');
  expect(counts).toEqual({ measures: 1, probes: 1, reads: 0, inserts: 0, standings: 0 });
  expect(texts.length).toBeLessThanOrEqual(70);
});

test('a check measures once', async () => {
  const { texts, counts } = await sent('check');
  expect(counts).toEqual({ measures: 1, probes: 1, reads: 0, inserts: 0, standings: 0 });
  expect(texts.length).toBeLessThanOrEqual(40);
});

test.each([
  ['none', 'uuid'],
  ['one for other values than ours', 'extensions.citext unique'],
])('where no index leads to a row, nothing is looked up one by one: %s', async (_, type) => {
  await db.query(`create schema if not exists extensions; create extension if not exists citext schema extensions;
    create table public.bare (id ${type}); insert into public.bare select id from auth.users offset 6000`);
  try {
    const { report, counts } = await sent('check', { ...TEXTBOOK, target: 'public.bare' });
    expect(report).toMatchObject({ verdict: 'drift', drift: { missing: 6000 } });
    expect(counts).toMatchObject({ measures: 1, probes: 0 });
  } finally {
    await db.query('drop table public.bare');
  }
});

test.each([
  [0, 0, /^missing as materialized/m],
  [0, 4, /^missing as materialized/m],
  [40, 0, /^noted as materialized/m],
  [40, 4, /as future\n\),\nclassed as (?!.*noted)/s],
])(
  'of a hundred users %i are excluded and %i missing: the measure looks at each once',
  async (excluded, missing, how) => {
    const share = (of: number) => ids.filter((_, index) => index % 100 < of);
    await db.query('delete from public.users where id = any($1)', [share(excluded + missing)]);
    await db.query('update auth.users set is_anonymous = true where id = any($1)', [share(excluded)]);
    try {
      const { report, texts } = await sent('check');
      expect(report.drift.missing).toBe((COUNT / 100) * missing);
      expect(texts.filter((text) => MEASURE.test(text))).toEqual([expect.stringMatching(how)]);
    } finally {
      await db.query('update auth.users set is_anonymous = false where is_anonymous');
    }
  },
);

test('a batch is one statement, and very many users are read once, as they lie', async () => {
  await db.query('truncate public.users');
  await aged(db);
  const { report, texts, counts } = await sent('backfill');
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT } });
  expect(counts).toEqual({ measures: 2, probes: 2, reads: 2, inserts: 12, standings: 0 });
  for (const text of texts.filter((each) => READ.test(each))) expect(text).toContain('u.ctid');
  // Besides: what a sync with nothing to do sends, the set-up of three sessions, the turns around each read, and a second measure.
  expect(texts.length - counts.inserts).toBeLessThanOrEqual(96);
});

test('where somebody is excluded, the reader looks at whom it hands on', async () => {
  await db.query('truncate public.users');
  await db.query('update auth.users set is_anonymous = true where id = $1', [ids[0]]);
  try {
    const { texts, report } = await sent('backfill');
    expect(report.repair).toMatchObject({ scanned: COUNT - 1, inserted: COUNT - 1 });
    const reads = texts.filter((each) => READ.test(each));
    expect(reads.length).toBeGreaterThan(0);
    for (const text of reads) expect(text).toContain('is_anonymous');
  } finally {
    await db.query('update auth.users set is_anonymous = false where id = $1', [ids[0]]);
  }
});

test.each([0, 499, 999])('a poison row at %i of 1000 costs at most 2·log2(1000)+2 statements more', async (at) => {
  const batch = ids.slice(0, 1000);
  await db.query('delete from public.users where id = any($1)', [batch]);
  await db.query(`alter table public.users add constraint poison check (id <> '${batch[at]}')`);
  try {
    const { report, counts, texts } = await sent('backfill');
    expect(report).toMatchObject({ repair: { inserted: 999, failed: 1 }, failuresTotal: 1 });
    expect(counts.inserts - 1 + counts.standings).toBeLessThanOrEqual(2 * Math.log2(1000) + 2);
    expect(texts.filter((text) => text === 'rollback')).toHaveLength(1);
  } finally {
    await db.query('alter table public.users drop constraint poison');
  }
});
