import { afterAll, beforeAll, expect, test } from 'vitest';
import { start } from '../support/cli.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { run } from '../support/job.ts';

/**
 * The whole pipeline waits for nothing but the database, so its awaits are the turns between client and server. The real
 * process is killed at every one of them: before the statement reaches the server, and after the server is done with it
 * and before the client hears so.
 */
const CONFIG = {
  target: 'public.users',
  columns: { email: 'u.email', full_name: `u.raw_user_meta_data->>'full_name'` },
  refresh: ['full_name'],
  limits: { share: '100%' },
};
const ARGS = ['sync', '--batch-size', '4', '--concurrency', '2', '--quiet', '--log-level', 'silent'];

let db: TestDatabase;
let bad: string[];
let whole: string;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(`
    create table public.users (
      id uuid primary key references auth.users (id), email text unique not null, full_name text, bio text
    )`);
  const ids = await crowd(db, 60);
  // Two who cannot be inserted, in different batches; ten who have a row, five of them with an old name.
  bad = [ids[13] ?? '', ids[44] ?? ''];
  await db.query('update auth.users set email = null where id = any($1)', [bad]);
  await reset(ids);
  const first = await run('sync', { url: db.url, config: CONFIG });
  expect(first).toMatchObject({ verdict: 'unrepaired', repair: { inserted: 48, failed: 2, refreshed: 5 } });
  whole = await state();
  await reset(ids);
});
afterAll(() => db.drop());

let present: string[] = [];

async function reset(ids: readonly string[] = present): Promise<void> {
  if (present.length === 0) present = ids.slice(50);
  await db.query('truncate public.users');
  await db.query(
    `insert into public.users select id, email, case when row_number() over (order by id) <= 5 then 'old' else raw_user_meta_data->>'full_name' end, 'mine'
     from auth.users where id = any($1)`,
    [present],
  );
}

async function state(): Promise<string> {
  const [row] = await db.query<{ state: string }>(
    `select md5(string_agg(to_jsonb(p)::text, ',' order by id)) as state from public.users p`,
  );
  return row?.state ?? '';
}

/** Runs the command line to its end, or to the nth turn that the proxy sees. Returns the turns that there were. */
async function sweepPoint(at: 'request' | 'reply', nth: number): Promise<{ turns: number; killed: boolean }> {
  await using proxy = await startFaultProxy(db.url);
  const { kill, done } = await start(ARGS, { url: proxy.via(db.url), config: CONFIG });
  proxy.fault({ on: /(?:)/, at, nth, do: () => kill('SIGKILL') });
  const { signal, code } = await done;
  if (signal === null) expect(code).toBe(2);
  return { turns: proxy.texts.length, killed: signal === 'SIGKILL' };
}

/** What must hold when the process is gone: nothing foreign, nothing half done, and one more run completes the work. */
async function expectNothingLost(): Promise<void> {
  const odd = await db.query(
    `select from public.users p left join auth.users u using (id)
     where p.email is distinct from u.email or (p.bio is distinct from 'mine' and p.full_name is distinct from u.raw_user_meta_data->>'full_name')
       or (p.bio = 'mine') is distinct from (p.id = any($1) or null)`,
    [present],
  );
  expect(odd).toEqual([]);
  const report = await run('sync', { url: db.url, config: CONFIG, flags: { wait: 20_000 } });
  expect(report).toMatchObject({ verdict: 'unrepaired', residual: { missing: 2, stale: 0 }, repair: { failed: 2 } });
  expect(report.failures.map(({ id }) => id).sort()).toEqual(bad);
  expect(await state()).toBe(whole);
}

test('SIGKILL at every turn of the pipeline loses nothing', async () => {
  const { turns } = await sweepPoint('request', Number.POSITIVE_INFINITY);
  let points = 0;
  for (const at of ['request', 'reply'] as const) {
    for (let nth = 1; ; nth += 1) {
      await reset();
      const { killed } = await sweepPoint(at, nth);
      if (!killed) break;
      points += 1;
      await expectNothingLost();
    }
  }
  process.stdout.write(`crash sweep: ${points} points, 0 violations (${turns} turns in a run that is let be)\n`);
  expect(points).toBeGreaterThanOrEqual(200);
}, 900_000);
