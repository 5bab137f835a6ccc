import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, until } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';
import { run } from '../support/job.ts';
import { type Look, watchSessions } from '../support/sessions.ts';

/** No longer than this may anything of ours keep vacuum, or an `alter table` and all logins behind it, waiting. */
const BUDGET_MS = 15_000;
/** What the reader takes in fact, even on a busy machine. */
const READER_MS = 5000;
const COUNT = 45_000;
const CONFIG = { target: 'public.users', columns: { email: 'u.email' } };

let db: TestDatabase;
let role: { name: string; url: string };
let gate: Gate;

beforeAll(async () => {
  db = await createDatabase();
  // A role of its own, so that every session of the job can be told by its name.
  role = await db.createRole('bypassrls');
  await createTable(db, 'id uuid primary key references auth.users (id) on delete cascade, email text');
  gate = await gateBefore(db, 'public.users');
  await db.query(`create table public.pace (seconds float8); insert into public.pace values (0);
    create function public.slow() returns trigger language plpgsql as $$
    begin perform pg_catalog.pg_sleep(seconds) from public.pace where seconds > 0; return new; end $$;
    create trigger b_slow before insert on public.users for each row execute function public.slow();
    grant usage on schema auth, public to ${role.name}; grant select on auth.users, public.gate, public.pace to ${role.name};
    grant select, insert on public.users to ${role.name}`);
  await crowd(db, COUNT);
  await db.query('vacuum analyze auth.users');
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('truncate public.users; update public.pace set seconds = 0');
  await gate.open();
});

const backfill = (batchSize = 1000) =>
  run('backfill', { url: role.url, config: CONFIG, flags: { batchSize, concurrency: 3 } });

/** How long the oldest transaction is open that holds a snapshot or a lock on auth.users. */
const oldest = (looks: readonly Look[]) =>
  Math.max(0, ...looks.filter(({ snapshot, onSource }) => snapshot || onSource).map(({ age }) => age ?? 0));
const isWriter = ({ query }: Look) => query.startsWith('with written');

function expectQuietRunLock(looks: readonly Look[]): void {
  const holder = looks.filter(({ runLock }) => runLock);
  const idle = holder.filter(({ state }) => state === 'idle in transaction');
  expect(idle.length).toBeGreaterThan(holder.length / 2);
  expect(idle.filter(({ snapshot }) => snapshot)).toEqual([]);
  expect(holder.filter(({ onTables }) => onTables)).toEqual([]);
  expect(Math.max(...holder.map(({ age }) => age ?? 0))).toBeGreaterThan(BUDGET_MS);
}

const WAITING = `select from pg_stat_activity where usename = $1 and wait_event_type = 'Lock' having count(*) = 3`;

describe('while the writers wait for 20 s', () => {
  test('for rows of another transaction: nothing of ours is older than the budget', async () => {
    const watch = watchSessions(db, role.name);
    const blocker = await db.admin.connect();
    await blocker.query('begin; insert into public.users (id) select id from auth.users');
    const working = backfill();
    await until(db, WAITING, [role.name]);
    await sleep(20_000);
    await blocker.query('rollback');
    blocker.release();
    const report = await working;
    const looks = await watch.stop();
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT }, residual: { missing: 0 } });
    expect(looks.filter(isWriter).length).toBeGreaterThan(100);
    expect(oldest(looks)).toBeLessThan(BUDGET_MS);
    expect(oldest(looks.filter((look) => !isWriter(look)))).toBeLessThan(READER_MS);
    expectQuietRunLock(looks);
  });

  const inTrigger = async (): Promise<Look[]> => {
    await gate.close();
    const watch = watchSessions(db, role.name);
    const working = backfill();
    await gate.crowded(3);
    await sleep(20_000);
    await gate.open();
    const report = await working;
    expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT }, residual: { missing: 0 } });
    return watch.stop();
  };

  test('in a trigger of the app: the reader and the run lock hold nothing', async () => {
    const looks = await inTrigger();
    expect(oldest(looks.filter((look) => !isWriter(look)))).toBeLessThan(READER_MS);
    expectQuietRunLock(looks);
  });

  // A statement of a writer reads auth.users, too.
  test('in a trigger of the app: no writer holds anything for longer than the budget', async () => {
    expect(oldest(await inTrigger())).toBeLessThan(BUDGET_MS + 1000);
  });
});

test('an alter table is granted in the middle of a backfill, and nobody who logs in behind it waits for long', async () => {
  // A batch of 500 takes a second; the whole, half a minute.
  await db.query('update public.pace set seconds = 0.001');
  const watch = watchSessions(db, role.name);
  const working = backfill(500);
  await until(db, 'select from public.users having count(*) > 3000');
  const logins = logIn();
  await sleep(1000);
  const granted: number[] = [];
  for (const name of ['one', 'two', 'three', 'four']) {
    const asked = performance.now();
    await db.query(`alter table auth.users add column ${name} text`);
    granted.push(performance.now() - asked);
    await sleep(1500);
  }
  const waits = await logins.stop();
  await db.query('update public.pace set seconds = 0');
  const report = await working;
  const looks = await watch.stop();
  expect(report).toMatchObject({ verdict: 'repaired', repair: { inserted: COUNT }, residual: { missing: 0 } });
  expect(Math.max(...granted)).toBeLessThan(BUDGET_MS);
  expect(waits.length).toBeGreaterThan(50);
  expect(Math.max(...waits)).toBeLessThan(BUDGET_MS);
  expect(oldest(looks)).toBeLessThan(BUDGET_MS);
  process.stdout.write(
    `granted after ${granted.map(Math.round)} ms, longest login ${Math.round(Math.max(...waits))} ms, oldest ${Math.round(oldest(looks))} ms\n`,
  );
});

/** What the auth server does at each login, over and over; returns how long each took. */
function logIn(): { stop(): Promise<number[]> } {
  const waits: number[] = [];
  const done = new AbortController();
  const working = (async () => {
    const client = new pg.Client({ connectionString: db.superuserUrl });
    await client.connect();
    const { rows } = await client.query<{ id: string }>('select id from auth.users limit 100');
    for (let turn = 0; !done.signal.aborted; turn += 1) {
      const id = rows[turn % rows.length]?.id;
      const asked = performance.now();
      await client.query('select id, email from auth.users where id = $1', [id]);
      await client.query('update auth.users set last_sign_in_at = now() where id = $1', [id]);
      waits.push(performance.now() - asked);
      await sleep(20);
    }
    await client.end();
  })();
  return {
    async stop() {
      done.abort();
      await working;
      return waits;
    },
  };
}
