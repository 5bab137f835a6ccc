import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { type Running, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Gate, gateBefore } from '../support/gate.ts';

let db: TestDatabase;
let gate: Gate;
const options = (others: object = {}) => ({ url: db.url, config: { ...PLAIN_CONFIG, ...others } });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await createTable(db, PLAIN_COLUMNS, 'public.open_users');
  gate = await gateBefore(db, 'public.users');
  await canaryCrowd(db, 60);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('delete from public.users; delete from public.open_users');
  await gate.close();
});

const mapped = (expression: string) => ({ target: 'public.open_users', columns: { full_name: expression } });

test('a parameter in an expression is a fault of its field, told at once', async () => {
  const { stderr, ms } = await run(['sync', '--log-level', 'silent'], options(mapped('$1::text')));
  expect(stderr).toMatch(/^userdrift: columns\.full_name.*\n$/);
  expect(ms).toBeLessThan(10_000);
});

async function syncAtGate(...args: string[]): Promise<Running> {
  const running = await start(['sync', '--json', '--batch-size', '10', '--concurrency', '3', ...args], options());
  await gate.crowded(3);
  return running;
}

test('no batch is begun after the signal', async () => {
  const running = await syncAtGate();
  running.kill('SIGINT');
  await sleep(300);
  await gate.open();
  expect((await running.done).json()).toMatchObject({
    repair: { scanned: 30, inserted: 30, unresolved: 0 },
    batches: { count: 3 },
  });
});

test('a right that is missing in a statement is no right to connect', async () => {
  await db.query(
    'create table public.secret (n int); revoke all on public.secret from postgres, anon, authenticated, service_role',
  );
  await db.queryAsPostgres(`
    create table public.closed (${PLAIN_COLUMNS});
    create function public.peek() returns trigger language plpgsql as $$ begin insert into public.secret values (1); return new; end $$;
    create trigger peek before insert on public.closed for each row execute function public.peek()`);
  const { json } = await run(['sync', '--json'], options({ target: 'public.closed' }));
  expect(json()).toMatchObject({ verdict: 'inconclusive', reason: { code: 'not_permitted' } });
});

test('a full disk for the report takes nothing from stdout', async () => {
  const { json, code } = await run(
    ['sync', '--report', '/dev/full', '--json'],
    options({ target: 'public.open_users' }),
  );
  expect(json()).toMatchObject({ verdict: 'repaired' });
  expect(code).toBe(1);
});

test('all faults of a configuration are told, however many', async () => {
  const config = {
    target: 'public.users; --',
    kee: 'id',
    columns: { email: '', full_name: 7 },
    skip: { deleted: 'yes', wher: 'true' },
    grace: 'a minute',
    limits: { share: 20, shareMinimum: -1, writes: '50000', failures: 0, triggers: 1.5 },
    orphans: 'delete',
    repair: { func: 'x' },
  };
  const { stderr } = await run(['sync', '--log-level', 'silent'], { url: db.url, config });
  const paths =
    'target kee columns.email columns.full_name skip.deleted skip.wher grace limits.share limits.shareMinimum limits.writes limits.failures limits.triggers orphans repair';
  expect(paths.split(' ').filter((path) => !stderr.includes(`${path}: `))).toEqual([]);
});

test('what a trigger calls a constraint or a column may be a mail', async () => {
  await db.queryAsPostgres(`
    create table public.talking (${PLAIN_COLUMNS});
    create function public.talk() returns trigger language plpgsql as
      $$ begin raise exception 'no' using errcode = '23514', constraint = new.email, column = new.email; end $$;
    create trigger talk before insert on public.talking for each row execute function public.talk()`);
  const { code } = await run(['sync', '--json'], options({ target: 'public.talking' }));
  expect(code).toBeGreaterThan(0);
});
