import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, fingerprint, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { KINDS, type Kind, type Person, softDelete, twelveKinds } from '../support/people.ts';

const EXPECTED = KINDS.filter((kind) => !['anonymous', 'softDeleted', 'inGrace'].includes(kind));

let db: TestDatabase;
let kinds: Record<Kind, Person>;
let others: string[];
const cli = (...args: string[]) => run(args, { url: db.url, config: PLAIN_CONFIG });
const idsOf = (...named: Kind[]) => named.map((kind) => kinds[kind].id);
const users = (...named: Kind[]) => idsOf(...named).flatMap((id) => ['--user', id]);

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  kinds = await twelveKinds(db);
  others = await canaryCrowd(db, 60);
});
afterAll(() => db.drop());

/** All of the crowd has rows that the app has changed; the twelve kinds have none. */
beforeEach(async () => {
  await db.query('truncate public.users');
  await db.query(
    `insert into public.users (id, email, bio) select id, 'changed by the app', repeat('x', 3000) from auth.users where id = any($1)`,
    [others],
  );
});

describe('sync and backfill', () => {
  test.each([['sync'], ['backfill', '--yes']])('%s inserts exactly the expected users', async (...command) => {
    const mine = `t.email = 'changed by the app'`;
    const before = await fingerprint(db, 'public.users', mine);
    const { json, code } = await cli(...command, '--json');
    expect(json()).toMatchObject({
      verdict: 'repaired',
      drift: { missing: 9 },
      repair: { scanned: 9, inserted: 9, failed: 0, unresolved: 0 },
      residual: { missing: 0, arrived: 1 },
      excluded: { deleted: 1, anonymous: 1, grace: 1 },
      failuresTotal: 0,
      dryRun: false,
    });
    expect(code).toBe(0);
    expect(await idsIn(db)).toEqual([...others, ...idsOf(...EXPECTED)].toSorted());
    expect(await fingerprint(db, 'public.users', mine), 'rows that were there before').toBe(before);

    const all = await fingerprint(db);
    const again = await cli(...command, '--json');
    expect(again.json()).toMatchObject({
      verdict: 'in_sync',
      repair: { scanned: 0, inserted: 0 },
      batches: { count: 0 },
    });
    expect(again.code).toBe(0);
    expect(await fingerprint(db), 'a second run writes nothing').toBe(all);
  });

  test('the rows say what the mapping says', async () => {
    await cli('sync');
    const wrong = await db.query(
      `select p.id from public.users p join auth.users u using (id)
       where not (p.id = any($1)) and (p.email is distinct from u.email or p.full_name is distinct from u.raw_user_meta_data->>'full_name')`,
      [others],
    );
    expect(wrong).toEqual([]);
  });

  test('for people: what was done, in a table that adds up; green is two lines', async () => {
    const { stdout } = await cli('sync');
    expect(stdout).toMatch(/REPAIRED {2}9 missing users inserted into public\.users/);
    expect(stdout).toMatch(/\nrepaired, exit 0, .*9 written, .*run [0-9A-Z]{8}\n$/);
    const green = (await cli('sync')).stdout;
    expect(green).toMatch(/^\S+ IN SYNC {2}69 of 69 expected users are in public\.users\nin_sync, exit 0, .*\n$/);
  });

  test('--quiet says nothing when all is well', async () => {
    const { stdout, stderr, code } = await cli('sync', '--quiet');
    expect({ stdout, stderr, code }).toEqual({ stdout: '', stderr: '', code: 0 });
    expect(await idsIn(db)).toHaveLength(69);
  });

  test('backfill asks nobody where there is no terminal', async () => {
    const { code } = await cli('backfill');
    expect(code).toBe(0);
    expect(await idsIn(db)).toHaveLength(69);
  });

  test('refresh brings mapped columns up to date and touches no other; a soft-deleted user keeps what it had', async () => {
    const [deleted = '', kept = ''] = others;
    await softDelete(db, { id: deleted, email: null, expected: 'missing' });
    await db.query('update public.users p set email = u.email from auth.users u where u.id = p.id and p.id = $1', [
      kept,
    ]);
    const untouched = await fingerprint(db, 'public.users', `t.id in ('${kept}', '${deleted}')`);
    const config = { ...PLAIN_CONFIG, refresh: ['email'] };
    const { json, code } = await run(['sync', '--json'], { url: db.url, config });
    expect(json()).toMatchObject({
      verdict: 'repaired',
      drift: { missing: 9, stale: 58 },
      repair: { inserted: 9, refreshed: 58 },
      residual: { missing: 0, stale: 0 },
    });
    expect(code).toBe(0);
    expect(await fingerprint(db, 'public.users', `t.id in ('${kept}', '${deleted}')`)).toBe(untouched);
    expect(await db.query(`select from public.users where bio like 'xxx%'`)).toHaveLength(60);
    await db.query(`update auth.users set deleted_at = null, email = 'back@example.com' where id = $1`, [deleted]);
  });
});

test('a user who is deleted while the refresh is under way keeps the mail that the app has', async () => {
  const [first = '', second = ''] = others.toSorted((one, other) => (one < other ? -1 : 1));
  const client = await db.admin.connect();
  try {
    await client.query('begin');
    await client.query('select from public.users where id = $1 for update', [first]);
    const config = { ...PLAIN_CONFIG, refresh: ['email'] };
    const args = ['sync', '--json', '--batch-size', '1', '--concurrency', '1'];
    const running = await start(args, { url: db.url, config });
    await until(db, `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
    await softDelete(db, { id: second, email: null, expected: 'missing' });
    await client.query('commit');
    const { json, code } = await running.done;
    expect(json()).toMatchObject({ repair: { refreshed: 59 }, residual: { stale: 0 } });
    expect(code).toBe(0);
    const kept = await db.query('select email from public.users where id = $1', [second]);
    expect(kept).toEqual([{ email: 'changed by the app' }]);
  } finally {
    client.release(true);
    await db.query(`update auth.users set deleted_at = null where id = $1`, [second]);
  }
});

test('with fewer connections than writers the work is done all the same', async () => {
  const { name, url } = await db.createRole('bypassrls connection limit 3');
  const grants = ['usage on schema public', 'usage on schema auth', 'select on auth.users', 'all on public.users'];
  for (const grant of grants) await db.query(`grant ${grant} to ${name}`);
  const args = ['sync', '--json', '--batch-size', '1', '--concurrency', '8'];
  const { json, code } = await run(args, { url, config: PLAIN_CONFIG });
  expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 9 } });
  expect(code).toBe(0);
});

describe('flags of writing', () => {
  test('--dry-run shows counts, ids and the statement, and writes nothing', async () => {
    const before = await fingerprint(db);
    const { json, code } = await cli('sync', '--dry-run', '--json');
    expect(json()).toMatchObject({ verdict: 'drift', dryRun: true, drift: { missing: 9 }, repair: { scanned: 0 } });
    expect(json().statement).toMatch(/^insert into "public"\."users" \("id", "email", "full_name"\)/);
    expect(json().sample).toHaveLength(9);
    expect(code).toBe(2);
    const text = await cli('sync', '--dry-run');
    expect(text.stdout).toMatch(/nothing written \(dry run\)/);
    expect(text.stdout).toMatch(/on conflict \("id"\) do nothing/);
    expect(text.code).toBe(2);
    expect(await fingerprint(db)).toBe(before);
  });

  test('--dry-run says what the guard would say, and needs no run lock', async () => {
    const config = { ...PLAIN_CONFIG, limits: { writes: 3 } };
    const { json, code } = await run(['sync', '--dry-run', '--json'], { url: db.url, config });
    expect(json()).toMatchObject({ verdict: 'refused', dryRun: true, reason: { code: 'writes_limit' } });
    expect(code).toBe(4);
  });

  test('--fail-on drift: 2 although all was repaired, 0 when nothing was found', async () => {
    const { json, code } = await cli('sync', '--fail-on', 'drift', '--json');
    expect(json()).toMatchObject({ verdict: 'drift', repair: { inserted: 9 }, residual: { missing: 0 } });
    expect(code).toBe(2);
    expect(await idsIn(db)).toHaveLength(69);
    expect((await cli('sync', '--fail-on', 'drift')).code).toBe(0);
  });

  test('--batch-size and --concurrency: so many statements, all of them done', async () => {
    const { json } = await cli('sync', '--batch-size', '2', '--concurrency', '4', '--json');
    expect(json()).toMatchObject({ batches: { count: 5, split: 0 }, repair: { inserted: 9 } });
  });

  test('--concurrency is capped', async () => {
    const { json, code } = await cli('sync', '--batch-size', '1', '--concurrency', '5000', '--json');
    expect(json()).toMatchObject({ batches: { count: 9 }, repair: { inserted: 9 } });
    expect(code).toBe(0);
  });

  test('--shard writes its part; the other part is written by the other shard', async () => {
    const first = await cli('sync', '--shard', '1/2', '--json');
    const second = await cli('sync', '--shard', '2/2', '--json');
    expect(first.json().repair.inserted + second.json().repair.inserted).toBe(9);
    expect(first.json()).toMatchObject({ scope: { full: false }, residual: { missing: 0 } });
    expect((await cli('check')).code).toBe(0);
  });

  test('--since narrows the look, --grace is about age', async () => {
    const recent = await cli('sync', '--since', '1h', '--grace', '0', '--json');
    expect(recent.json()).toMatchObject({ drift: { missing: 1 }, repair: { inserted: 1 }, scope: { full: false } });
    expect(await idsIn(db)).toEqual([...others, ...idsOf('inGrace')].toSorted());
    const older = await cli('sync', '--grace', '2d', '--json');
    expect(older.json()).toMatchObject({ verdict: 'in_sync', repair: { inserted: 0 }, excluded: { grace: 9 } });
  });

  test('--max-drift speaks of what is left', async () => {
    await db.queryAsPostgres(`alter table public.users add constraint short check (length(full_name) < 200)`);
    const strict = await cli('sync', '--json');
    expect(strict.json()).toMatchObject({
      verdict: 'unrepaired',
      repair: { inserted: 8, failed: 1 },
      residual: { missing: 1 },
    });
    expect(strict.code).toBe(2);
    const lenient = await cli('sync', '--max-drift', '1', '--json');
    expect(lenient.json()).toMatchObject({ residual: { missing: 1 } });
    expect(lenient.code).toBe(0);
    await db.queryAsPostgres('alter table public.users drop constraint short');
  });

  test('--deadline stops with a partial report; the next run does the rest', async () => {
    await db.queryAsPostgres(`
      create function public.slow() returns trigger language plpgsql as
        $$ begin perform pg_catalog.pg_sleep(0.4); return new; end $$;
      create trigger slow before insert on public.users for each row execute function public.slow()`);
    const { json, code } = await cli(
      'sync',
      '--deadline',
      '1500ms',
      '--batch-size',
      '1',
      '--concurrency',
      '1',
      '--json',
    );
    expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' }, residual: { missing: null } });
    expect(json().repair.inserted).toBeGreaterThan(0);
    expect(json().repair.inserted).toBeLessThan(9);
    expect(code).toBe(1);
    expect(await idsIn(db)).toHaveLength(60 + json().repair.inserted);
    await db.queryAsPostgres('drop trigger slow on public.users; drop function public.slow');
    expect((await cli('sync')).code).toBe(0);
  });
});

describe('sync --user', () => {
  test('inserts this person, whatever grace says, and names each', async () => {
    const { json, code } = await cli('sync', ...users('inGrace', 'fullMetadata', 'anonymous'), '--json');
    expect(json().users?.map(({ id, outcome, why }) => [id, outcome, why])).toEqual([
      [kinds.inGrace.id, 'inserted', null],
      [kinds.fullMetadata.id, 'inserted', null],
      [kinds.anonymous.id, 'excluded', 'anonymous'],
    ]);
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { scanned: 2, inserted: 2 } });
    expect(code).toBe(0);
    expect(await idsIn(db)).toEqual([...others, ...idsOf('inGrace', 'fullMetadata')].toSorted());
  });

  test('one line per id for people', async () => {
    const [present = ''] = others;
    const { stdout, code } = await cli('sync', ...users('phoneOnly', 'softDeleted'), '--user', present);
    expect(stdout).toMatch(new RegExp(`^ *\\S+ ${kinds.phoneOnly.id}  inserted$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ *\\S+ ${kinds.softDeleted.id}  excluded \\(deleted\\)$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^ *\\S+ ${present}  already present$`, 'm'));
    expect(code).toBe(0);
  });

  test('a stranger among them: the others are written, and 1', async () => {
    const { json, code } = await cli(
      'sync',
      ...users('banned'),
      '--user',
      '00000000-0000-4000-8000-000000000001',
      '--json',
    );
    expect(json().users?.map(({ outcome }) => outcome)).toEqual(['inserted', 'no_such_user']);
    expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'no_such_user' } });
    expect(code).toBe(1);
    expect(await idsIn(db)).toContain(kinds.banned.id);
  });

  test('a person who cannot be written: code and constraint, and 2', async () => {
    await db.queryAsPostgres(`alter table public.users add constraint short check (length(full_name) < 200)`);
    const { json, code } = await cli('sync', ...users('longName', 'nullMetadata'), '--json');
    expect(json().users).toEqual([
      expect.objectContaining({ id: kinds.longName.id, outcome: 'failed', code: '23514', constraint: 'short' }),
      expect.objectContaining({ id: kinds.nullMetadata.id, outcome: 'inserted' }),
    ]);
    expect(json()).toMatchObject({ verdict: 'unrepaired', residual: { missing: 1 } });
    expect(code).toBe(2);
    await db.queryAsPostgres('alter table public.users drop constraint short');
  });

  test('--dry-run says who is missing and writes nobody', async () => {
    const { json, code } = await cli('sync', ...users('longName'), '--dry-run', '--json');
    expect(json().users).toEqual([expect.objectContaining({ outcome: 'missing' })]);
    expect(code).toBe(2);
    expect(await idsIn(db)).toHaveLength(60);
  });
});
