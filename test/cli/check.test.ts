import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable, fingerprint, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ago, insertUser, KINDS, type Kind, type Person, twelveKinds } from '../support/people.ts';

const EXPECTED = KINDS.filter((kind) => !['anonymous', 'softDeleted', 'inGrace'].includes(kind));

let db: TestDatabase;
let kinds: Record<Kind, Person>;
const cli = (...args: string[]) => run(['check', ...args], { url: db.url, config: PLAIN_CONFIG });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  kinds = await twelveKinds(db);
  await db.query('insert into public.users (id) values ($1)', [kinds.banned.id]);
});
afterAll(() => db.drop());

const missing = () => EXPECTED.filter((kind) => kind !== 'banned').map((kind) => kinds[kind].id);

describe('check reads, counts and writes nothing', () => {
  test('twelve kinds of user: each in its class', async () => {
    const before = await fingerprint(db);
    const { json, code } = await cli('--json');
    expect(json()).toMatchObject({
      command: 'check',
      verdict: 'drift',
      exitCode: 2,
      scope: { full: true },
      source: { name: 'auth.users', total: 12 },
      target: 'public.users',
      drift: { missing: 8, stale: null, orphans: 0 },
      excluded: { deleted: 1, anonymous: 1, sso: 0, grace: 1, filtered: 0 },
      repair: { scanned: 0, inserted: 0 },
      residual: { missing: 8, arrived: 1 },
      database: { host: '127.0.0.1', name: db.name, user: 'postgres' },
    });
    expect(new Set(json().sample)).toEqual(new Set(missing()));
    expect(code).toBe(2);
    expect(await fingerprint(db)).toBe(before);
  });

  test('for people: verdict, a table that adds up, the next command, one line to grep for', async () => {
    const { stdout, code } = await cli();
    expect(stdout).toMatch(/DRIFT {2}8 users are missing from public\.users/);
    expect(stdout).toMatch(/^ +auth\.users +12$/m);
    expect(stdout).toMatch(/^ +in public\.users +1$/m);
    expect(stdout).toMatch(/^Next: userdrift sync --dry-run$/m);
    expect(stdout).toMatch(/\ndrift, exit 2, \S+, read-only, run [0-9A-Z]{8}\n$/);
    expect(code).toBe(2);
  });

  test('skip rules of the configuration', async () => {
    const skip = { deleted: true, anonymous: false, sso: true, where: `u.raw_user_meta_data->>'full_name' = '42'` };
    const { json } = await run(['check', '--json'], { url: db.url, config: { ...PLAIN_CONFIG, skip } });
    expect(json()).toMatchObject({
      excluded: { deleted: 1, anonymous: 0, sso: 1, filtered: 1, grace: 1 },
      drift: { missing: 7 },
    });
  });
});

describe('flags', () => {
  test('--max-drift accepts so many and no more', async () => {
    const enough = await cli('--max-drift', '8', '--json');
    expect(enough.json()).toMatchObject({ verdict: 'in_sync', drift: { missing: 8 } });
    expect(enough.code).toBe(0);
    expect((await cli('--max-drift', '7')).code).toBe(2);
  });

  test('--quiet prints nothing at exit 0 and one line otherwise', async () => {
    const green = await cli('--max-drift', '8', '--quiet');
    expect({ stdout: green.stdout, stderr: green.stderr, code: green.code }).toEqual({
      stdout: '',
      stderr: '',
      code: 0,
    });
    const red = await cli('--quiet');
    expect(red.stdout).toMatch(
      /^userdrift check: drift, exit 2: 8 users are missing from public\.users, run [0-9A-Z]{8}\n$/,
    );
    expect(red.stderr).toBe('');
    expect(red.code).toBe(2);
  });

  test('--quiet --json prints one document, or nothing at exit 0', async () => {
    expect((await cli('--quiet', '--json')).json().verdict).toBe('drift');
    expect((await cli('--quiet', '--json', '--max-drift', '8')).stdout).toBe('');
  });

  test('--no-ids leaves ids out of everything', async () => {
    const ids = Object.values(kinds).map(({ id }) => id);
    const runs = [
      await cli('--no-ids'),
      await cli('--no-ids', '--json', '--report', 'report.json', '--log-level', 'debug'),
      await cli('--no-ids', '--user', kinds.longName.id),
      await cli('--no-ids', '--user', kinds.longName.id, '--json'),
    ];
    for (const { stdout, stderr, files, code } of runs) {
      const shown = [stdout, stderr, ...Object.values(files)].join('\n');
      expect(ids.filter((id) => shown.includes(id))).toEqual([]);
      expect(code).toBe(2);
    }
    expect((await cli('--json')).json().sample.length).toBeGreaterThan(0);
  });

  test('--grace widens and narrows who is too young', async () => {
    expect((await cli('--grace', '0', '--json')).json()).toMatchObject({
      drift: { missing: 9 },
      excluded: { grace: 0 },
    });
    expect((await cli('--grace', '2d', '--json')).json()).toMatchObject({
      drift: { missing: 0 },
      excluded: { grace: 9 },
      verdict: 'in_sync',
    });
  });

  test('--since looks at newer users only and says so', async () => {
    const { json, code } = await cli('--since', '1h', '--grace', '0', '--json');
    expect(json()).toMatchObject({ scope: { full: false }, source: { total: 1 }, drift: { missing: 1 } });
    expect(json().sample).toEqual([kinds.inGrace.id]);
    expect(code).toBe(2);
    const date = ago({ hours: 48 }).toISOString().slice(0, 10);
    expect((await cli('--since', date, '--json')).json()).toMatchObject({
      scope: { full: false, since: `${date}T00:00:00.000Z` },
      drift: { missing: 8 },
    });
    expect((await cli('--since', date)).stdout).toMatch(/in this scope/);
  });

  test('--shard: the parts add up to the whole, and none has another one', async () => {
    const shards = await Promise.all([1, 2, 3].map((part) => cli('--shard', `${part}/3`, '--json')));
    const reports = shards.map(({ json }) => json());
    expect(new Set(reports.flatMap(({ sample }) => sample))).toEqual(new Set(missing()));
    expect(reports.reduce((sum, { drift }) => sum + (drift.missing ?? 0), 0)).toBe(8);
    expect(reports.reduce((sum, { source }) => sum + (source.total ?? 0), 0)).toBe(12);
    expect(reports[1]?.scope).toMatchObject({ full: false, shard: '2/3' });
  });

  test('--shard auto/N takes the index of a Kubernetes job, which counts from 0', async () => {
    const env = { JOB_COMPLETION_INDEX: '2' };
    const { json } = await run(['check', '--shard', 'auto/3', '--json'], { url: db.url, config: PLAIN_CONFIG, env });
    expect(json().scope.shard).toBe('3/3');
  });

  test('--key and --target win over the configuration; names may need quotes', async () => {
    await db.queryAsPostgres(`create schema app`);
    await createTable(db, '"userId" uuid unique, note text', 'app."Profile"');
    await db.query('insert into app."Profile" values ($1), (null)', [kinds.longName.id]);
    const { json } = await cli('--target', 'app."Profile"', '--key', 'userId', '--json');
    expect(json()).toMatchObject({ target: 'app."Profile"', drift: { missing: 8, orphans: 0 } });
    expect(json().sample).not.toContain(kinds.longName.id);
  });

  test('--deadline ends a check that waits for a lock, with a partial report', async () => {
    const client = await db.admin.connect();
    try {
      await client.query('begin; lock table public.users in access exclusive mode');
      const { json, code, ms } = await cli('--deadline', '1s', '--json');
      expect(json()).toMatchObject({ verdict: 'failed', reason: { code: 'deadline' }, drift: { missing: null } });
      expect(code).toBe(1);
      expect(ms).toBeLessThan(4000);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  test('--log-level silent leaves stderr empty, debug tells more', async () => {
    expect((await cli('--log-level', 'silent')).stderr).toBe('');
    const info = await cli();
    expect(info.log).toEqual([expect.objectContaining({ tool: 'userdrift', msg: 'run ended', verdict: 'drift' })]);
    expect(info.said).toEqual([]);
  });

  test('NO_COLOR or not: without a terminal there is no colour; FORCE_COLOR brings it', async () => {
    expect((await cli()).stdout).not.toContain('\u001b');
    const forced = await run(['check'], { url: db.url, config: PLAIN_CONFIG, env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain('\u001b[');
  });

  test('without UTF-8 every byte is ASCII', async () => {
    const { stdout } = await run(['check'], { url: db.url, config: PLAIN_CONFIG, env: { LANG: 'C' } });
    expect(stdout).toMatch(/DRIFT/);
    expect(Buffer.from(stdout).every((byte) => byte < 128)).toBe(true);
  });
});

describe('--user', () => {
  const users = (...named: Kind[]) => named.flatMap((kind) => ['--user', kinds[kind].id]);

  test('says where each stands, ignores grace, and writes nothing', async () => {
    const before = await fingerprint(db);
    const { json, code } = await cli(...users('inGrace', 'banned', 'softDeleted', 'anonymous'), '--json');
    expect(json().users?.map(({ id, outcome, why }) => [id, outcome, why])).toEqual([
      [kinds.inGrace.id, 'missing', null],
      [kinds.banned.id, 'already_present', null],
      [kinds.softDeleted.id, 'excluded', 'deleted'],
      [kinds.anonymous.id, 'excluded', 'anonymous'],
    ]);
    expect(json().scope).toMatchObject({ full: false });
    expect(code).toBe(2);
    expect(await fingerprint(db)).toBe(before);
  });

  test('upper case is the same user, and twice is once', async () => {
    const { json } = await cli(...users('banned'), '--user', kinds.banned.id.toUpperCase(), '--json');
    expect(json().users).toHaveLength(1);
    expect(json().verdict).toBe('in_sync');
  });

  test('an excluded user is no drift', async () => {
    const { stdout, code } = await cli(...users('anonymous'));
    expect(stdout).toMatch(/excluded \(anonymous\)/);
    expect(code).toBe(0);
  });
});

test('refresh columns: stale users are drift; orphans are counted and never are', async () => {
  const own = await createDatabase();
  try {
    await createTable(own, PLAIN_COLUMNS.replace(/references.*cascade/, ''));
    const person = await insertUser(own);
    await own.query(`insert into public.users (id, email) values ($1, 'old'), (gen_random_uuid(), 'orphan')`, [
      person.id,
    ]);
    const config = { ...PLAIN_CONFIG, refresh: ['email'] };
    const { json, code } = await run(['check', '--json'], { url: own.url, config });
    expect(json()).toMatchObject({ verdict: 'drift', drift: { missing: 0, stale: 1, orphans: 1 } });
    expect(code).toBe(2);
    const without = await run(['check', '--json'], { url: own.url, config: PLAIN_CONFIG });
    expect(without.json()).toMatchObject({ verdict: 'in_sync', drift: { stale: null, orphans: 1 } });
    await own.query('update public.users set email = $2 where id = $1', [person.id, person.email]);
    expect((await run(['check'], { url: own.url, config })).code).toBe(0);
  } finally {
    await own.drop();
  }
});

test('share, writes and triggers limits never apply to a check', async () => {
  const own = await createDatabase();
  try {
    await createTable(own, PLAIN_COLUMNS);
    await canaryCrowd(own, 150);
    const limits = { share: '1%', shareMinimum: 1, writes: 1, triggers: 0 };
    const { code, json } = await run(['check', '--json'], { url: own.url, config: { ...PLAIN_CONFIG, limits } });
    expect(json()).toMatchObject({ verdict: 'drift', drift: { missing: 150 } });
    expect(json().sample).toHaveLength(20);
    expect(code).toBe(2);
  } finally {
    await own.drop();
  }
});
