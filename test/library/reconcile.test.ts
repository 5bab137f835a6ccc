import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { type Connection, type Progress, reconcile, reportSchema } from '../../src/index.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';

const USERS = 40;
const config = { ...PLAIN_CONFIG, grace: '0' };
let db: TestDatabase;
let ids: string[];
let connection: Connection;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  ids = await crowd(db, USERS);
  connection = { databaseUrl: db.url };
});
beforeEach(() => db.query('truncate public.users'));
afterAll(() => db.drop());

test('a check finds what is missing and writes nothing', async () => {
  const report = await reconcile('check', { connection, config });
  expect(report).toEqual(reportSchema.parse(report));
  expect(report).toMatchObject({ command: 'check', verdict: 'drift', exitCode: 2, drift: { missing: USERS } });
  expect(report.tool.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(await idsIn(db)).toEqual([]);
});

test('a sync repairs, tells how far it is, and logs counts to pino', async () => {
  const steps: Progress[] = [];
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  const allowed = { allowShare: true, batchSize: 10, concurrency: 1 } as const;
  const onProgress = (step: Progress) => void steps.push(step);
  const report = await reconcile('sync', { connection, config, ...allowed, log, onProgress });
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: USERS }, batches: { count: 4 } });
  expect(await idsIn(db)).toEqual(ids);
  expect(steps[0]).toEqual({ done: 0, total: USERS });
  expect(steps.at(-1)).toEqual({ done: USERS, total: USERS });
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ msg: 'run ended', verdict: 'repaired' }]);
});

test('limits hold as on the command line, and backfill lifts them', async () => {
  const tight = { ...config, limits: { shareMinimum: 0 } };
  const refused = await reconcile('sync', { connection, config: tight });
  expect(refused).toMatchObject({ verdict: 'refused', exitCode: 4, repair: { scanned: 0 } });
  const few = await reconcile('backfill', { connection, config: tight, maxWrites: USERS - 1 });
  expect(few).toMatchObject({ verdict: 'refused', reason: { code: 'writes_limit' } });
  expect(await reconcile('backfill', { connection, config: tight })).toMatchObject({ verdict: 'repaired' });
});

test('a dry run, a part of the users, and a report without ids', async () => {
  const dry = await reconcile('sync', {
    connection,
    config,
    dryRun: true,
    maxDrift: USERS,
    failOn: 'drift',
    ids: false,
  });
  expect(dry).toMatchObject({ dryRun: true, verdict: 'drift', sample: [] });
  expect(dry.statement).toContain('insert into');
  const halves = await Promise.all(
    ['1/2', '2/2'].map((shard) => reconcile('check', { connection, config, shard, since: new Date(0) })),
  );
  expect(halves.map(({ scope }) => scope)).toMatchObject([
    { shard: '1/2', full: false },
    { shard: '2/2', full: false },
  ]);
  expect(halves.reduce((sum, { drift }) => sum + (drift.missing ?? 0), 0)).toBe(USERS);
  const [one = ''] = ids;
  const named = await reconcile('sync', { connection, config, users: [one, one.toUpperCase()] });
  expect(named.users).toMatchObject([{ id: one, outcome: 'inserted' }]);
});

test('over HTTP, with the URL and the secret key', async () => {
  const columns = Object.entries(PLAIN_CONFIG.columns).map(([name, expression]) => ({ name, expression }));
  await db.queryAsPostgres(functionsSql({ ...TEXTBOOK_MAPPING, columns }));
  const { url: supabaseUrl, secretKey } = await dataApiOf(db.url);
  const report = await reconcile('sync', { connection: { supabaseUrl, secretKey }, config });
  expect(report).toMatchObject({ transport: 'http', verdict: 'repaired', repair: { inserted: USERS } });
});

test('what goes wrong during the run is its verdict: nobody there, a deadline', async () => {
  const nobody = { databaseUrl: 'postgresql://postgres:secret-word@127.0.0.1:1/postgres' };
  const report = await reconcile('check', { connection: nobody, config });
  expect(report).toMatchObject({ verdict: 'failed', exitCode: 1 });
  expect(JSON.stringify(report)).not.toContain('secret-word');
  const late = await reconcile('check', { connection, config, deadline: '0' });
  expect(late).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' } });
});

test('an AbortSignal ends the run between batches, and the next run does the rest', async () => {
  const control = new AbortController();
  const options = { connection, config, batchSize: 5, concurrency: 1, signal: control.signal };
  const report = await reconcile('sync', { ...options, onProgress: ({ done }) => done >= 10 && control.abort() });
  expect(report).toMatchObject({ verdict: 'interrupted', exitCode: 130, reason: { code: 'interrupted' } });
  expect(report.reason?.message).toBe('stopped by its caller; this report is partial');
  const { inserted, scanned, unresolved } = report.repair;
  expect(inserted).toBeGreaterThanOrEqual(10);
  expect(inserted).toBeLessThan(USERS);
  expect({ scanned, unresolved }).toEqual({ scanned: inserted, unresolved: 0 });
  expect(await idsIn(db)).toHaveLength(inserted);
  const rest = await reconcile('sync', { ...options, signal: undefined });
  expect(rest).toMatchObject({ verdict: 'repaired', repair: { inserted: USERS - inserted } });
});

test('a signal that is aborted already opens no connection', async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = z.object({ port: z.number() }).parse(server.address());
  const there = { connection: { databaseUrl: `postgresql://postgres@127.0.0.1:${port}/postgres` }, config };
  expect(await reconcile('check', { ...there, signal: AbortSignal.abort() })).toMatchObject({ verdict: 'interrupted' });
  expect(connections).toBe(0);
  expect(await reconcile('check', there)).toMatchObject({ verdict: 'failed' });
  expect(connections).toBeGreaterThan(0);
  server.close();
});

test('a signal that outlives the run keeps nothing of it', async () => {
  const control = new AbortController();
  let during = 0;
  const info = () => {
    during = getEventListeners(control.signal, 'abort').length;
  };
  const log = { debug: () => {}, warn: () => {}, info };
  await reconcile('check', { connection, config, signal: control.signal, log });
  expect({ during, after: getEventListeners(control.signal, 'abort').length }).toEqual({ during: 1, after: 0 });
});

test('a callback that throws costs nobody the report', async () => {
  const broken = () => {
    throw new Error('not your business');
  };
  const log = { debug: broken, info: broken, warn: broken };
  const report = await reconcile('sync', { connection, config, log, onProgress: broken });
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: USERS } });
});
