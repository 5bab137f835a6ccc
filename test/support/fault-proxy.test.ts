import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from './database.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

let db: TestDatabase;
let proxy: FaultProxy;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres('create table public.seen (n int)');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('truncate public.seen');
  proxy = await startFaultProxy(db.url);
});
afterEach(() => proxy[Symbol.asyncDispose]());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: proxy.via(db.url) });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const insert = (client: pg.Client, n: number) =>
  client.query({ name: 'insert', text: 'insert into public.seen values ($1)', values: [n] });
const seen = async () => (await db.query<{ n: number }>('select n from public.seen order by n')).map(({ n }) => n);
const codeOf = (error: unknown) => (error instanceof Error ? `${Reflect.get(error, 'code')} ${error.message}` : error);
const failure = (work: Promise<unknown>) => work.then(() => 'no failure', codeOf);

test('passes everything on, and knows each statement: simple, prepared, sent again by its name, and read by a cursor', async () => {
  const client = await connect();
  await client.query('begin; select 1');
  await insert(client, 1);
  await insert(client, 2);
  const cursor = client.query(new Cursor('select generate_series(1, 5)'));
  expect(await cursor.read(3)).toHaveLength(3);
  expect(await cursor.read(3)).toHaveLength(2);
  await client.query('commit');
  await client.end();
  expect(proxy.texts).toEqual([
    'begin; select 1',
    'insert into public.seen values ($1)',
    'insert into public.seen values ($1)',
    'select generate_series(1, 5)',
    'select generate_series(1, 5)',
    'commit',
  ]);
  expect(await seen()).toEqual([1, 2]);
});

test('what is larger than one packet comes through whole', async () => {
  const client = await connect();
  const text = 'x'.repeat(300_000);
  const { rows } = await client.query('select $1::text as text, $1::text as again', [text]);
  expect(rows[0]).toEqual({ text, again: text });
});

describe('a fault', () => {
  test('before the nth statement: it never reaches the server', async () => {
    const fault = proxy.fault({ on: /^insert/, at: 'request', nth: 2, do: 'cut' });
    const client = await connect();
    await insert(client, 1);
    expect(await failure(insert(client, 2))).toBe('undefined Connection terminated unexpectedly');
    await insert(await connect(), 3);
    expect(fault).toEqual({ seen: 3, struck: 1 });
    expect(await seen()).toEqual([1, 3]);
  });

  test('at the reply: the same error, and it is committed', async () => {
    proxy.fault({ on: /^insert/, at: 'reply', do: 'cut' });
    expect(await failure(insert(await connect(), 1))).toBe('undefined Connection terminated unexpectedly');
    expect(await seen()).toEqual([1]);
  });

  test('a reset has a code', async () => {
    proxy.fault({ on: /^insert/, at: 'reply', do: 'reset' });
    expect(await failure(insert(await connect(), 1))).toMatch(/^ECONNRESET/);
    expect(await seen()).toEqual([1]);
  });

  test('between two reads of a cursor', async () => {
    proxy.fault({ on: /generate_series/, at: 'reply', nth: 2, do: 'cut' });
    const client = await connect();
    const cursor = client.query(new Cursor<{ n: number }>('select generate_series(1, 5) as n'));
    expect(await cursor.read(2)).toHaveLength(2);
    expect(await failure(cursor.read(2))).toMatch(/Connection terminated/);
  });

  test('a deed of the test runs in between, and some times in a row', async () => {
    const client = await connect();
    const counts: number[] = [];
    proxy.fault({ on: /^insert/, at: 'request', times: 2, do: async () => counts.push((await seen()).length) });
    proxy.fault({ on: /^insert/, at: 'reply', times: 2, do: async () => counts.push((await seen()).length) });
    for (const n of [1, 2, 3]) await insert(client, n);
    expect(counts).toEqual([0, 1, 1, 2]);
  });

  test('a connection that hangs says nothing, whatever is sent, and the server keeps its end', async () => {
    const fault = proxy.fault({ on: /^insert/, at: 'reply', do: 'hang' });
    const client = await connect();
    const pid = (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    const answer = insert(client, 1);
    expect(await Promise.race([failure(answer), sleep(300, 'silence')])).toBe('silence');
    expect(fault.struck).toBe(1);
    Reflect.get(Reflect.get(client, 'connection'), 'stream').destroy();
    await failure(answer);
    await sleep(100);
    expect(await db.query('select from pg_stat_activity where pid = $1', [pid])).toHaveLength(1);
    expect(await seen()).toEqual([1]);
  });
});

test('all connections cut; then a new one', async () => {
  const pair = [await connect(), await connect()];
  const waiting = pair.map((client) => failure(client.query('select pg_sleep(10)')));
  await sleep(50);
  expect(proxy.wires.size).toBe(2);
  proxy.cutAll();
  expect(await Promise.all(waiting)).toEqual(pair.map(() => 'undefined Connection terminated unexpectedly'));
  expect((await (await connect()).query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('nobody listens for a while; who is in stays in', async () => {
  const client = await connect();
  await proxy.refuse();
  expect(await failure(connect())).toMatch(/^ECONNREFUSED/);
  await insert(client, 1);
  await proxy.accept();
  await insert(await connect(), 2);
  expect(await seen()).toEqual([1, 2]);
});

test.each(['requests', 'replies'] as const)('%s alone vanish, until all is well again', async (direction) => {
  const client = await connect();
  proxy.hang(direction);
  void failure(insert(client, 1));
  await sleep(200);
  expect(await seen()).toEqual(direction === 'replies' ? [1] : []);
  proxy.restore();
  await insert(await connect(), 2);
  expect(await seen()).toContain(2);
});

test('every message takes its time', async () => {
  const client = await connect();
  proxy.delay(50);
  const started = performance.now();
  await client.query('select 1');
  expect(performance.now() - started).toBeGreaterThanOrEqual(95);
});
