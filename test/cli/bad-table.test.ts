import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser, type Person } from '../support/people.ts';

const SILENT = ['--log-level', 'silent'];

let db: TestDatabase;
let people: Person[];
let tables = 0;

beforeAll(async () => {
  db = await createDatabase();
  people = [await insertUser(db), await insertUser(db), await insertUser(db)];
});
afterAll(() => db.drop());

async function table(columns: string): Promise<string> {
  tables += 1;
  const name = `public.users_${tables}`;
  await db.queryAsPostgres(`create table ${name} (${columns})`);
  return name;
}

const mapped = (target: string, others: object = {}) => ({ target, columns: { email: 'u.email' }, ...others });

describe('the wrong place', () => {
  test.each([
    [
      'wrong password',
      () => db.url.replace(/:([^:@]+)@/, ':not-the-password@'),
      /wrong password, or no such user: postgres/,
    ],
    ['a role that does not exist', () => db.url.replace('//postgres:', '//nobody:'), /no such user: nobody/],
    ['wrong database', () => db.url.replace(db.name, 'no_such_database'), /there is no database no_such_database/],
  ])('%s: one line, and 1', async (_, url, line) => {
    const { code, stdout, stderr } = await run(['sync', ...SILENT], { url: url(), config: PLAIN_CONFIG });
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/^userdrift: .*DATABASE_URL.*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('a database without schema auth', async () => {
    const url = db.url.replace(db.name, 'postgres');
    const { code, stderr } = await run(['check', ...SILENT], { url, config: PLAIN_CONFIG });
    expect(stderr).toMatch(/^userdrift: there is no auth\.users in database postgres.*DATABASE_URL.*\n$/);
    expect(code).toBe(1);
  });

  test.each(['check', 'sync', 'backfill'])('%s: a target that does not exist', async (command) => {
    const { code, stdout, stderr } = await run([command, '--target', 'app.people', ...SILENT], { url: db.url });
    expect(stderr).toMatch(/^userdrift: there is no table app\.people in database .*--target.*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('a key that does not exist', async () => {
    const target = await table(PLAIN_COLUMNS);
    const { code, stderr } = await run(['check', '--target', target, '--key', 'user_id', ...SILENT], { url: db.url });
    expect(stderr).toMatch(/^userdrift: public\.users_\d+ has no column user_id\. .*--key.*\n$/);
    expect(code).toBe(1);
  });

  test('an integer key', async () => {
    const target = await table('id integer primary key, email text');
    const { code, stderr } = await run(['check', '--target', target, ...SILENT], { url: db.url });
    expect(stderr).toMatch(/^userdrift: key id of .* is integer, which cannot hold an auth id\. .*--key.*\n$/);
    expect(code).toBe(1);
  });
});

describe('a target that sync refuses (4) and check sees with a warning', () => {
  const refusals: [string, string, string, RegExp][] = [
    [
      'no unique index',
      'id uuid, email text',
      'key_not_unique',
      /create unique index concurrently on public\.users_\d+ \("id"\)/,
    ],
    [
      'a unique index over two columns',
      'id uuid, email text, unique (id, email)',
      'key_not_unique',
      /create unique index/,
    ],
    [
      'a deferrable key',
      'id uuid primary key deferrable, email text',
      'key_deferrable',
      /^alter table public\.users_\d+ drop constraint "users_\d+_pkey", add primary key \("id"\)$/,
    ],
  ];

  test.each(refusals)('%s', async (_, columns, code, fix) => {
    const target = await table(columns);
    const config = mapped(target);
    for (const command of ['sync', 'backfill']) {
      const refused = await run([command, '--json', '--yes'], { url: db.url, config });
      expect(refused.json()).toMatchObject({ verdict: 'refused', reason: { code } });
      expect(refused.json().reason?.fix).toMatch(fix);
      expect(refused.code).toBe(4);
    }
    expect(await idsIn(db, target)).toEqual([]);

    const check = await run(['check', '--json'], { url: db.url, config });
    expect(check.json()).toMatchObject({ drift: { missing: 3 }, warnings: [expect.objectContaining({ code })] });
    expect(check.code).toBe(2);
  });

  test('a partial unique index is none; the index of the message makes the sync work', async () => {
    const target = await table('id uuid, email text');
    await db.queryAsPostgres(`create unique index on ${target} (id) where email is not null`);
    const refused = await run(['sync', '--json'], { url: db.url, config: mapped(target) });
    expect(refused.json().reason).toMatchObject({ code: 'key_not_unique' });
    await db.queryAsPostgres(String(refused.json().reason?.fix));
    const { code } = await run(['sync'], { url: db.url, config: mapped(target) });
    expect(code).toBe(0);
    expect(await idsIn(db, target)).toHaveLength(3);
  });

  test('a view', async () => {
    const target = await table(PLAIN_COLUMNS);
    await db.queryAsPostgres(`create view public.all_users with (security_invoker) as select * from ${target}`);
    const refused = await run(['sync', '--json'], { url: db.url, config: mapped('public.all_users') });
    expect(refused.json()).toMatchObject({ verdict: 'refused', reason: { code: 'target_not_a_table' } });
    expect(refused.code).toBe(4);
    const check = await run(['check', '--json'], { url: db.url, config: mapped('public.all_users') });
    expect(check.json()).toMatchObject({ drift: { missing: 3 } });
    expect(check.code).toBe(2);
    expect(await idsIn(db, target)).toEqual([]);
  });

  test('an INSERT rule', async () => {
    const target = await table(PLAIN_COLUMNS);
    await db.queryAsPostgres(`create rule swallow as on insert to ${target} do instead nothing`);
    const refused = await run(['sync', '--json'], { url: db.url, config: mapped(target) });
    expect(refused.json().reason).toMatchObject({ code: 'insert_rule', message: expect.stringContaining('swallow') });
    expect(refused.code).toBe(4);
  });

  test('a text key with a uuid in another spelling', async () => {
    const target = await table('id text primary key, email text');
    await db.query(`insert into ${target} values ($1), ('auth0|7')`, [people[0]?.id.toUpperCase()]);
    const before = await fingerprint(db, target);
    let fix = '';
    for (const command of ['sync', 'check']) {
      const refused = await run([command, '--json'], { url: db.url, config: mapped(target) });
      expect(refused.json()).toMatchObject({ verdict: 'refused', reason: { code: 'key_not_canonical' } });
      fix = refused.json().reason?.fix ?? '';
      expect(refused.code).toBe(4);
    }
    expect(await fingerprint(db, target)).toBe(before);
    await db.queryAsPostgres(fix);
    expect((await run(['check', '--json'], { url: db.url, config: mapped(target) })).json()).toMatchObject({
      drift: { missing: 2 },
    });
  });

  test('a text key that is spelled as auth spells it works', async () => {
    const target = await table('id text primary key, email text');
    await db.query(`insert into ${target} values ($1), ('auth0|7')`, [people[0]?.id]);
    const { code, json } = await run(['sync', '--json'], { url: db.url, config: mapped(target) });
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 }, drift: { orphans: 0 } });
    expect(code).toBe(0);
  });
});

describe('a role that cannot see is never green', () => {
  const role = async (attributes: string, ...grants: string[]) => {
    const made = await db.createRole(attributes);
    for (const grant of ['usage on schema public', 'usage on schema auth', ...grants]) {
      await db.query(`grant ${grant} to ${made.name}`);
    }
    return made;
  };

  test.each(['check', 'sync'])('%s: row level security hides auth.users', async (command) => {
    const target = await table(PLAIN_COLUMNS);
    const { url } = await role('nobypassrls', 'select on auth.users', `all on ${target}`);
    const { code, stderr, stdout } = await run([command, ...SILENT], { url, config: mapped(target) });
    expect(stderr).toMatch(/^userdrift: role \S+ cannot see every row of auth\.users \(42501\).*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    const { json } = await run([command, '--json'], { url, config: mapped(target) });
    expect(json()).toMatchObject({ verdict: 'inconclusive', drift: { missing: null }, residual: { missing: null } });
    expect(await idsIn(db, target)).toEqual([]);
  });

  test.each(['check', 'sync'])('%s: no right to read auth.users', async (command) => {
    const target = await table(PLAIN_COLUMNS);
    const { url } = await role('bypassrls', `all on ${target}`);
    const { json, code } = await run([command, '--json'], { url, config: mapped(target) });
    expect(json()).toMatchObject({ verdict: 'inconclusive', reason: { code: 'source_unseen' } });
    expect(code).toBe(1);
  });

  test.each(['check', 'sync'])('%s: no right to read the target', async (command) => {
    const target = await table(PLAIN_COLUMNS);
    await db.query(`revoke all on ${target} from public`);
    const { url } = await role('bypassrls', 'select on auth.users');
    const { json, code } = await run([command, '--json'], { url, config: mapped(target) });
    expect(json()).toMatchObject({ verdict: 'inconclusive', reason: { code: 'target_unseen' } });
    expect(code).toBe(1);
  });

  test('row level security hides the target', async () => {
    const target = await table(PLAIN_COLUMNS);
    await db.queryAsPostgres(`alter table ${target} enable row level security`);
    await db.query(`insert into ${target} (id) values ($1)`, [people[0]?.id]);
    const { url } = await role('nobypassrls', `all on ${target}`);
    await db.query(`create view public.auth_users as select * from auth.users`);
    await db.query(`grant select on public.auth_users to public`);
    const config = mapped(target, { source: 'public.auth_users' });
    const { json, code } = await run(['check', '--json'], { url, config });
    expect(json()).toMatchObject({ verdict: 'inconclusive', reason: { code: 'target_unseen' } });
    expect(code).toBe(1);
  });

  test('no right to insert stops a sync before its first write; a check works', async () => {
    const target = await table(PLAIN_COLUMNS);
    const { url } = await role('bypassrls', 'select on auth.users', `select on ${target}`);
    const { code, stderr } = await run(['sync', ...SILENT], { url, config: mapped(target) });
    expect(stderr).toMatch(/^userdrift: .*may not insert.*Fix: grant.*\n$/);
    expect(code).toBe(1);
    const check = await run(['check', '--json'], { url, config: mapped(target) });
    expect(check.json()).toMatchObject({ verdict: 'drift', drift: { missing: 3 } });
  });

  test('a read-only database', async () => {
    const target = await table(PLAIN_COLUMNS);
    const { name, url } = await role('bypassrls', 'select on auth.users', `all on ${target}`);
    await db.query(`alter role ${name} set default_transaction_read_only = on`);
    const sync = await run(['sync', '--json'], { url, config: mapped(target) });
    expect(sync.json()).toMatchObject({ verdict: 'failed', reason: { code: 'read_only' } });
    expect(sync.code).toBe(1);
    const check = await run(['check', '--json'], { url, config: mapped(target) });
    expect(check.code).toBe(2);
  });
});

describe('users that do not exist', () => {
  const stranger = '00000000-0000-4000-8000-000000000001';

  test.each(['check', 'sync'])('%s --user says so and exits 1', async (command) => {
    const target = await table(PLAIN_COLUMNS);
    const { code, stdout } = await run([command, '--user', stranger], { url: db.url, config: mapped(target) });
    expect(stdout).toMatch(new RegExp(`${stranger}  no such user`));
    expect(code).toBe(1);
    expect(await idsIn(db, target)).toEqual([]);
  });
});
