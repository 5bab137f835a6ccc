import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/postgres/address.ts';
import { Server } from '../../src/postgres/server.ts';
import type { Report } from '../../src/report.ts';
import { createTable, idsIn } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { insertUser } from '../support/people.ts';
import {
  knowsPreparedStatements,
  type PgBouncer,
  type PgBouncerOptions,
  startPgBouncer,
} from '../support/pgbouncer.ts';

/** Enough for the default of three writers, the reader and the run lock. */
const ENOUGH = 5;
const COLUMNS = `
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  full_name text constraint short_name check (char_length(full_name) < 100)`;
const CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', full_name: `u.raw_user_meta_data->>'full_name'` },
  refresh: ['email'],
};

let db: TestDatabase;
let good: string[];
let bad: string[];
let direct: object[];

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, COLUMNS);
  good = await crowd(db, 400);
  const long = { raw_user_meta_data: { full_name: 'x'.repeat(150) } };
  // One in each half of the ids, for the shard.
  const ids = ['0', '8', 'f'].map((digit) => `${digit}${randomUUID().slice(1)}`);
  bad = (await Promise.all(ids.map((id) => insertUser(db, { ...long, id })))).map(({ id }) => id).sort();
  await insertUser(db, { is_anonymous: true, email: null });
  direct = await everything(db.url);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('truncate public.users');
  await db.query(`update auth.users set email = id || '@example.org' where email is not null`);
});

/** One of each thing that the job does, and what it said each time. */
async function everything(url: string): Promise<object[]> {
  const ask = (command: Parameters<typeof run>[0], flags = {}) =>
    run(command, { url, config: CONFIG, flags: { batchSize: 20, ...flags } }).then(outcomeOf);
  const outcomes = [
    await ask('check'),
    await ask('sync', { dryRun: true, allowShare: true }),
    await ask('sync', { user: [good[0], bad[0]] }),
    await ask('sync', { allowShare: true, shard: { index: 1, count: 2 } }),
    await ask('backfill'),
  ];
  await db.query(`update auth.users set email = 'new' || email where id = any($1)`, [good.slice(0, 100)]);
  outcomes.push(await ask('check'), await ask('sync'), await ask('check', { maxDrift: 3 }));
  return outcomes;
}

/** All of a report but what differs from run to run, and how the pooler was recognised. */
function outcomeOf(report: Report): object {
  const { runId, startedAt, durationMs, rowsPerSecond, graceMs, warnings, failures, sample, ...rest } = report;
  return {
    ...rest,
    sample: sample.length,
    failures: failures.map(({ id, code, constraint }) => `${id} ${code} ${constraint}`).sort(),
    warnings: warnings.map(({ code }) => code).filter((code) => code !== 'database_url_pgbouncer'),
  };
}

test('over a direct connection the job finds and fixes what there is', () => {
  expect(direct).toMatchObject([
    { verdict: 'drift', drift: { missing: 403 } },
    { verdict: 'drift', dryRun: true },
    { verdict: 'unrepaired', repair: { inserted: 1, failed: 1 } },
    { verdict: 'unrepaired' },
    { verdict: 'unrepaired', failures: bad.map((id) => `${id} 23514 short_name`), residual: { missing: 3 } },
    { verdict: 'drift', drift: { missing: 3, stale: 100 } },
    { verdict: 'unrepaired', repair: { refreshed: 100 }, residual: { missing: 3, stale: 0 } },
    { verdict: 'in_sync' },
  ]);
});

interface Way {
  name: string;
  options: PgBouncerOptions;
  hint: string;
}

const WAYS: Way[] = [
  { name: 'session pooling', options: { mode: 'session', poolSize: ENOUGH }, hint: '' },
  {
    name: 'session pooling that resets nothing',
    options: { mode: 'session', poolSize: ENOUGH, settings: { server_reset_query: '' } },
    hint: '',
  },
  { name: 'transaction pooling', options: { mode: 'transaction', poolSize: 3 }, hint: '' },
  {
    name: 'session pooling that the URL tells of',
    options: { mode: 'session', poolSize: ENOUGH },
    hint: '&pgbouncer=true',
  },
  {
    name: 'transaction pooling that the URL tells of',
    options: { mode: 'transaction', poolSize: 3 },
    hint: '&pgbouncer=true',
  },
];
if (await knowsPreparedStatements()) {
  for (const max of [0, 50]) {
    const settings = { max_prepared_statements: max };
    const options: PgBouncerOptions = { mode: 'transaction', poolSize: 3, settings };
    WAYS.push({ name: `transaction pooling with ${max} prepared statements`, options, hint: '' });
  }
}

describe.each(WAYS)('through PgBouncer, $name', ({ options, hint }) => {
  let pooler: PgBouncer;
  let url: string;
  beforeAll(async () => {
    pooler = await startPgBouncer(db.url, options);
    url = `${pooler.via(db.url)}${hint}`;
  });
  afterAll(() => pooler[Symbol.asyncDispose]());

  test('nothing is set for a session, because it is taken for a transaction pooler', async () => {
    const server = new Server(parseAddress(url, { rootCert: null }), {
      runId: 'POOLING',
      connections: 2,
      signal: new AbortController().signal,
      onRetry: () => {},
    });
    await server.connect();
    expect(server.connection.mode).toBe('transaction');
    await server.close('settle');
  });

  test('the job says and does exactly what it does over a direct connection', async () => {
    expect(await everything(url)).toEqual(direct);
    expect(await idsIn(db)).toEqual(good);
  });

  test('no other client of the pool finds a setting, a lock or a statement that it did not have before', async () => {
    const size = options.poolSize ?? 3;
    const before = await sessions(url, size);
    const working = run('backfill', { url, config: CONFIG, flags: { batchSize: 20 } });
    const ended = working.then(() => true);
    // In session mode there is no room for one more before the job is done.
    const meanwhile = options.mode === 'session' ? [] : await sessionsUntil(ended, url);
    await working;
    const after = await sessions(url, size);
    for (const { pid, ...rest } of [...meanwhile, ...after]) expect(rest).toEqual(withoutPid(before[0]));
    // Else they would say nothing of the connections that the job had.
    expect(after.filter(({ pid }) => before.some((old) => old.pid === pid)).length).toBeGreaterThan(0);
    expect(await db.query(`select state from pg_stat_activity ${OURS} and state <> 'idle'`)).toEqual([]);
  });
});

/** The sessions of the role on the server, without those of the test itself. */
const OURS = `where datname = current_database() and usename = 'postgres' and pid <> pg_backend_pid()`;

const SETTINGS = [
  'application_name',
  'client_min_messages',
  'default_transaction_read_only',
  'enable_seqscan',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'row_security',
  'search_path',
  'statement_timeout',
  'TimeZone',
  'transaction_isolation',
  'transaction_read_only',
  'transaction_timeout',
];

function withoutPid({ pid, ...rest }: Record<string, unknown> = {}): object {
  return rest;
}

/** What one other client of the pool finds, again and again. */
async function sessionsUntil(ended: Promise<boolean>, url: string): Promise<Record<string, unknown>[]> {
  const seen: Record<string, unknown>[] = [];
  while (!(await Promise.race([ended, sleep(5, false)]))) seen.push(...(await sessions(url, 1)));
  expect(seen.length).toBeGreaterThan(1);
  return seen;
}

/** What other clients of the pool find on each of its connections: as many transactions at once as it has. */
async function sessions(url: string, count: number): Promise<Record<string, unknown>[]> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  try {
    await Promise.all(clients.map((client) => client.connect()));
    await Promise.all(clients.map((client) => client.query('begin')));
    const seen = await Promise.all(
      clients.map((client) =>
        client.query(`select pg_backend_pid() as pid,
          (select json_object_agg(name, setting) from pg_settings where name = any('{${SETTINGS}}')) as settings,
          (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
          (select count(*)::int from pg_prepared_statements) as statements,
          (select count(*)::int from pg_cursors) as cursors`),
      ),
    );
    // A client that leaves in the middle of a transaction takes the connection to the server with it.
    await Promise.all(clients.map((client) => client.query('commit')));
    return seen.map(({ rows }) => rows[0]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
