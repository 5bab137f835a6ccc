import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { codesOf, doctor, shown } from '../support/doctor.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
let role: { name: string; url: string };

beforeAll(async () => {
  db = await createDatabase();
  role = await db.createRole();
  await crowd(db, 3);
  await insertUser(db);
  await db.queryAsPostgres(`
    create function public.handle_new_user() returns trigger language plpgsql security definer set search_path = '' as
      $$ begin insert into public.users (id, email) values (new.id, new.email); return new; end $$`);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query(`
    do $$ begin
      if exists (select from pg_class where oid = to_regclass('public.users') and relkind = 'v') then drop view public.users; end if;
    end $$;
    do $$ begin
      if exists (select from pg_class where oid = to_regclass('public.people') and relkind = 'v') then drop view public.people; end if;
    end $$;
    drop table if exists public.users, public.people cascade`);
  await db.queryAsPostgres(TEXTBOOK_TABLE);
  await db.query(`
    create or replace trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user()`);
});

test('a healthy project: every line is ok, with the fact that makes it so', async () => {
  const examination = await doctor(db.url);
  expect(examination).toMatchObject({ exitCode: 0, counts: { warning: 0, problem: 0 }, target: 'public.users' });
  const text = shown(examination, 140);
  expect(text).toMatch(/✓ READY {2}nothing is in the way of a sync/);
  for (const line of [
    'connection  ✓ direct connection',
    '✓ no TLS, on this machine',
    /✓ \d+ connections to spare/,
    `server      ✓ PostgreSQL ${examination.database.serverVersion}, database ${db.name}`,
    '✓ the primary, open for writing',
    'role        ✓ role postgres, with BYPASSRLS: row level security hides nothing from it',
    'source      ✓ every row of auth.users can be seen (table, row level security on)',
    'target      ✓ every row of public.users can be seen (table, row level security on)',
    '✓ a row has to pass unique: users_pkey',
    'key         ✓ key id (uuid) is unique by users_pkey and references the source',
    "✓ full_name (text): u.raw_user_meta_data->>'full_name'",
    '✓ created_at (timestamp with time zone): u.created_at',
    'causes      ✓ trigger on_auth_user_created on auth.users runs public.handle_new_user at each sign-up',
    'Next: userdrift check',
  ]) {
    expect(text).toMatch(line);
  }
  expect(text).toMatch(/\ndoctor, exit 0, [\d.]+s, read-only, \d+ ok, 0 warnings, 0 problems\n$/);
});

test('what no longer copies sign-ups is a warning with the SQL that mends it', async () => {
  await db.query('alter table auth.users disable trigger on_auth_user_created');
  const examination = await doctor(db.url);
  expect(codesOf(examination)).toEqual(['trigger_disabled']);
  const { fix } = examination.findings.find(({ code }) => code === 'trigger_disabled') ?? {};
  expect(fix).toMatch(
    /^alter table auth\.users enable trigger on_auth_user_created; or, .*: create or replace trigger /,
  );
  await db.queryAsPostgres(fix?.replace(/^.*without owning the table: /, '') ?? '');
  expect(codesOf(await doctor(db.url))).toEqual([]);
});

test('it changes nothing', async () => {
  const rows = 'select count(*)::int as n from public.users';
  const before = await db.query(rows);
  await doctor(db.url);
  expect(await db.query(rows)).toEqual(before);
});

describe('what would stop a sync is a problem, with the code and the fix that the sync would give', () => {
  const problems: { name: string; sql?: string; config?: object; code: string }[] = [
    { name: 'no such table', config: { ...TEXTBOOK, target: 'app.people' }, code: 'target_missing' },
    { name: 'no such key', config: { ...TEXTBOOK, key: 'auth_id' }, code: 'key_missing' },
    { name: 'the source itself', config: { ...TEXTBOOK, target: 'auth.users' }, code: 'target_is_source' },
    { name: 'no such source', config: { ...TEXTBOOK, source: 'auth.people' }, code: 'source_missing' },
    { name: 'a key of another type', config: { target: 'public.users', key: 'created_at' }, code: 'key_type' },
    {
      name: 'no unique index',
      sql: 'alter table public.users drop constraint users_pkey',
      code: 'key_not_unique',
    },
    {
      name: 'a deferrable key',
      sql: 'alter table public.users drop constraint users_pkey, add primary key (id) deferrable',
      code: 'key_deferrable',
    },
    {
      name: 'a view',
      sql: 'alter table public.users rename to people; create view public.users as select * from public.people',
      code: 'target_not_a_table',
    },
    {
      name: 'an INSERT rule',
      sql: 'create rule nobody as on insert to public.users do instead nothing',
      code: 'insert_rule',
    },
    {
      name: 'a NOT NULL column that nobody maps',
      sql: 'alter table public.users add column role text not null',
      code: 'column_unmapped',
    },
    { name: 'a column that is not there', config: { ...TEXTBOOK, columns: { nope: '1' } }, code: 'column_unknown' },
    {
      name: 'an expression with a fault',
      config: { ...TEXTBOOK, columns: { email: 'u.emai' } },
      code: 'expression_invalid',
    },
    {
      name: 'the placeholder of our own snippet',
      config: { ...TEXTBOOK, columns: { email: '<SQL over u, text>' } },
      code: 'column_placeholder',
    },
    {
      name: 'a key too short for a uuid',
      sql: 'drop table public.users; create table public.users (id varchar(20) primary key, email text)',
      config: { target: 'public.users' },
      code: 'key_type',
    },
    {
      name: 'a source whose ids are no uuids',
      sql: 'create view public.people as select id::text, created_at, deleted_at, is_anonymous from auth.users',
      config: { target: 'public.users', source: 'public.people' },
      code: 'source_id_type',
    },
    {
      name: 'an expression of another type',
      config: { ...TEXTBOOK, columns: { created_at: 'u.email' } },
      code: 'insert_invalid',
    },
  ];

  test.each(problems)('$name: $code', async ({ sql, config = TEXTBOOK, code }) => {
    if (sql) await db.queryAsPostgres(sql);
    const examination = await doctor(db.url, config);
    const sync = await run('sync', { url: db.url, config, flags: { dryRun: true } });
    const problem = examination.findings.find(({ level }) => level === 'problem');
    expect({ code: problem?.code, message: problem?.fact, fix: problem?.fix }).toEqual(sync.reason);
    expect(problem?.code).toBe(code);
    expect(examination.exitCode).toBe(1);
  });

  test('all of it at once, not only the first', async () => {
    await db.queryAsPostgres(`
      alter table public.users drop constraint users_pkey, add column role text not null, add column plan text`);
    const columns = { nope: '1', email: 'u.emai', full_name: '1 +', plan: "u.raw_user_meta_data->>'plan'" };
    const examination = await doctor(db.url, { ...TEXTBOOK, columns });
    expect(codesOf(examination)).toEqual([
      'key_not_unique',
      'column_unknown',
      'column_unmapped',
      'privilege_from_metadata',
      'expression_invalid',
      'expression_invalid',
    ]);
    expect(shown(examination)).toMatch(/✗ NOT READY {2}5 problems in the way of a sync; 1 warning/);
  });
});

test('an index that is invalid has to go before it is made again', async () => {
  await db.queryAsPostgres('drop table public.users; create table public.users (id uuid, email text)');
  const [user] = await db.query<{ id: string }>('select id from auth.users limit 1');
  await db.query('insert into public.users values ($1), ($1)', [user?.id]);
  const config = { target: 'public.users', columns: { email: 'u.email' } };
  const fixOf = async () =>
    (await doctor(db.url, config)).findings.find(({ code }) => code === 'key_not_unique')?.fix ?? '';
  await expect(db.queryAsPostgres(await fixOf())).rejects.toThrow(/could not create unique index/);
  const fix = await fixOf();
  expect(fix).toMatch(
    /^remove the duplicates \(select "id", count\(\*\) from public\.users .*\), then: drop index public\.users_id_idx; create/,
  );
  await db.query('delete from public.users');
  for (const statement of fix.replace(/^.*then: /, '').split('; ')) await db.queryAsPostgres(statement);
  expect(codesOf(await doctor(db.url, config))).toEqual([]);
});

describe('which table', () => {
  test('the one that stands out is looked at', async () => {
    const examination = await doctor(db.url, {});
    expect(examination).toMatchObject({ target: 'public.users', exitCode: 0 });
    expect(shown(examination)).toContain('inferred: u.email');
  });

  test('none: the candidates are commands ready to type, and the rest is examined all the same', async () => {
    await db.queryAsPostgres('alter table public.users rename to people');
    const examination = await doctor(db.url, {});
    const problem = examination.findings.find(({ level }) => level === 'problem');
    expect(problem).toMatchObject({
      about: 'target',
      code: 'target_unknown',
      fix: expect.stringContaining('userdrift doctor --target public.people --key id'),
    });
    expect(shown(examination)).toContain('every row of auth.users can be seen');
  });
});

describe('the role', () => {
  test('one that row level security filters is told so, on both tables', async () => {
    await db.query(`
      grant usage on schema auth, public to ${role.name};
      grant select on auth.users, public.users to ${role.name}`);
    const examination = await doctor(role.url);
    expect(codesOf(examination)).toEqual(expect.arrayContaining(['source_unseen', 'target_unseen']));
    expect(shown(examination)).toContain(`role ${role.name}, which row level security filters`);
    expect(examination.exitCode).toBe(1);
  });

  test('one that may not insert', async () => {
    await db.query(`alter role ${role.name} bypassrls; grant select on public.users to ${role.name}`);
    const examination = await doctor(role.url);
    expect(codesOf(examination)).toEqual(['insert_invalid']);
    await db.query(`alter role ${role.name} nobypassrls`);
  });

  test('what a role lacks is named, with the grant that helps', async () => {
    const { name } = role;
    const lacks = async (config: object = TEXTBOOK) => {
      const [first] = (await doctor(role.url, config)).findings.filter(({ level }) => level === 'problem');
      await db.query(
        (first?.fix ?? '')
          .replace(/^connect as postgres, or:? |,? or connect as postgres$/g, '')
          .replaceAll('this role', name)
          .replace('the target', 'app.users')
          .replace(/^grant select and (\w+)/, 'grant select, $1'),
      );
      return `${first?.code}: ${first?.fix}`;
    };
    await db.query(
      `alter role ${name} bypassrls; grant select on auth.users to ${name}; create schema app; create table app.users (id uuid primary key, n bigserial, email text)`,
    );
    const config = { target: 'app.users', columns: { email: 'u.email' }, refresh: ['email'] };
    expect(await lacks(config)).toBe(
      `target_unseen: connect as postgres, or: grant usage on schema "app" to "${name}"; grant select on app.users to "${name}"`,
    );
    expect(await lacks(config)).toBe(
      `sequence_denied: grant usage on sequence app.users_n_seq to this role, or connect as postgres`,
    );
    expect(await lacks(config)).toMatch(/^insert_invalid: grant select and insert on the target to this role/);
    expect(await lacks(config)).toMatch(/^refresh_invalid: grant select and update on the target to this role/);
    await db.query(`revoke select on app.users from ${name}`);
    expect(await lacks(config)).toBe(`target_unseen: connect as postgres, or: grant select on app.users to "${name}"`);
    // What copies sign-ups copies them to another table.
    expect(codesOf(await doctor(role.url, config))).toEqual(['trigger_elsewhere']);
    await db.query('drop schema app cascade');
  });

  test('timeouts: the job sets its own, but where sessions are shared', async () => {
    await db.query(`
      alter role ${role.name} bypassrls;
      alter role ${role.name} set statement_timeout = '3s';
      alter role ${role.name} set idle_session_timeout = '5s';
      grant select, insert on public.users to ${role.name}`);
    const direct = await doctor(role.url);
    expect(codesOf(direct)).toEqual([]);
    expect(shown(direct)).toContain('no timeout of this role will bite: the job sets its own statement_timeout (3s)');
    const shared = `${role.url}&pgbouncer=true`;
    const finding = (await doctor(shared)).findings.find(({ code }) => code === 'timeout_short');
    expect(finding).toEqual({
      about: 'connection',
      level: 'warning',
      code: 'timeout_short',
      fact: `idle_session_timeout of role ${role.name} is 5s: it ends connections that wait for work`,
      fix: `alter role "${role.name}" set idle_session_timeout = 0`,
    });
    await db.query(finding?.fix ?? '');
    expect(codesOf(await doctor(shared))).toEqual(['database_url_pgbouncer']);
  });

  test('few connections left', async () => {
    await db.query(
      `alter role ${role.name} bypassrls connection limit 3; grant select, insert on public.users to ${role.name}`,
    );
    const examination = await doctor(role.url);
    expect(codesOf(examination)).toEqual(['connections_few']);
    await db.query(`alter role ${role.name} connection limit -1`);
  });
});

test('a transaction pooler is named as one', async () => {
  const examination = await doctor(`${db.url}&pgbouncer=true`);
  expect(shown(examination)).toContain('✓ transaction pooler: every batch brings its own settings');
  expect(codesOf(examination)).toEqual(['database_url_pgbouncer']);
});

test('a read-only database stops a sync', async () => {
  await db.query(`alter database ${db.name} set default_transaction_read_only = on`);
  const examination = await doctor(db.url);
  await db.query(`alter database ${db.name} reset default_transaction_read_only`);
  expect(codesOf(examination)).toEqual(['read_only']);
});

test('names of the catalog are shown as one line each, whatever they hold', async () => {
  const odd = (name: string) => `"${name}\u001b[31m\n::error::\u202e##[x]"`;
  await db.queryAsPostgres(`
    alter table public.users add column ${odd('column')} text, add constraint ${odd('check')} check (id is not null);
    create unique index ${odd('index')} on public.users (email);
    create function public.${odd('function')}() returns trigger language plpgsql as $$ begin return new; end $$;
    create trigger ${odd('trigger')} before insert on public.users for each row execute function public.${odd('function')}()`);
  const examination = await doctor(db.url);
  expect(codesOf(examination)).toEqual(['trigger']);
  expect(shown(examination)).toContain('column\\u{1b}[31m\\u{a}::error::\\u{202e}#\\u{23}[x] (text): left NULL');
});
