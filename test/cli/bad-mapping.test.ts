import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { type CliOptions, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
const tables: string[] = [];

beforeAll(async () => {
  db = await createDatabase();
  for (let count = 0; count < 3; count += 1) await insertUser(db);
});
afterAll(() => db.drop());

/** A table of the app for one test. */
async function table(columns: string): Promise<string> {
  const name = `public.users_${tables.length + 1}`;
  tables.push(name);
  await db.queryAsPostgres(`create table ${name} (${columns})`);
  return name;
}

/** Runs a sync that must stop before its first write, and returns the one line that says why. */
async function stopped(config: { target: string } & Record<string, unknown>, options: CliOptions = {}) {
  const before = await fingerprint(db, config.target);
  const { code, stdout, stderr } = await run(['sync', '--log-level', 'silent'], { url: db.url, config, ...options });
  expect(stderr).toMatch(/^userdrift: .*\n$/);
  expect(stdout).toBe('');
  expect(code).toBe(1);
  expect(await fingerprint(db, config.target)).toBe(before);
  return stderr;
}

describe('an expression that PostgreSQL refuses stops a sync before its first write, and names its field', () => {
  let target: string;
  beforeAll(async () => {
    target = await table(PLAIN_COLUMNS);
    await db.queryAsPostgres(`
      create sequence public.numbers;
      create function public.shout(text) returns text language sql immutable as 'select upper($1)';
      create function public.deep() returns text language plpgsql volatile as $$
        begin insert into public.noticed values (1); return 'x'; end $$;
      create table public.noticed (n int)`);
  });

  test.each([
    ['a syntax error', `coalesce(u.email,, 'x')`, /columns\.full_name: syntax error at or near ","/],
    ['a column that does not exist', 'u.mail', /columns\.full_name: column u\.mail does not exist/],
    ['another alias', 'users.email', /columns\.full_name: .*"users"/],
    [
      'a function of public without its schema',
      'shout(u.email)',
      /columns\.full_name: function shout\(.*\) does not exist/,
    ],
    ['nextval', `nextval('public.numbers')::text`, /columns\.full_name writes to the database.*25006/],
    ['a function that writes', 'public.deep()', /columns\.full_name writes to the database.*25006/],
    ['two columns', '1), (2', /columns\.full_name is not one expression/],
    ['two statements', '1); drop table public.noticed; select (1', /columns\.full_name: /],
    ['another query', '1) from auth.users; --', /columns\.full_name: /],
    ['an unclosed comment', 'u.email /* the mail', /columns\.full_name: unterminated .*comment/],
    ['an unclosed string', `u.email || 'x`, /columns\.full_name: unterminated quoted string/],
    ['an aggregate', 'max(u.email)', /columns\.full_name: /],
  ])('%s', async (_, expression, line) => {
    const config = { ...PLAIN_CONFIG, target, columns: { email: 'u.email', full_name: expression } };
    const said = await stopped(config);
    expect(said).toMatch(line);
    expect(said).toMatch(/correct columns\.full_name in the configuration/);
    expect(await db.query('select from public.noticed')).toEqual([]);
    expect(await db.query('select is_called from public.numbers')).toEqual([{ is_called: false }]);
  });

  test('a type that the column does not take', async () => {
    const other = await table('id uuid primary key, age integer');
    expect(await stopped({ target: other, columns: { age: 'u.email' } })).toMatch(
      /column "age" is of type integer but expression is of type character varying/,
    );
  });

  test.each([
    ['that is not boolean', 'u.email', /skip\.where: .*boolean/],
    ['with a syntax error', 'u.email like', /skip\.where: syntax error/],
    ['that reads no column of the source', 'u.tenant = 7', /skip\.where: column u\.tenant does not exist/],
  ])('a skip.where %s stops check and sync alike', async (_, where, line) => {
    const config = { ...PLAIN_CONFIG, target, skip: { where } };
    expect(await stopped(config)).toMatch(line);
    const check = await run(['check', '--log-level', 'silent'], { url: db.url, config });
    expect(check.stderr).toMatch(line);
    expect(check.code).toBe(1);
  });

  test.each([
    `(u.raw_user_meta_data->>'full_name')::tsquery::text`,
    'u.email::regclass::text',
    'pg_catalog.current_setting(u.email)',
  ])('an expression that fails on the value of a row quotes nobody: %s', async (expression) => {
    const config = { ...PLAIN_CONFIG, target, columns: { full_name: expression } };
    const { code } = await run(['sync', '--json', '--log-level', 'debug'], { url: db.url, config });
    expect(code).toBe(1);
  });

  test('a comment at the end, a line break and brackets of its own are no fault', async () => {
    const fine = await table(PLAIN_COLUMNS);
    const columns = {
      email: 'u.email -- the mail',
      full_name: `(\n  u.raw_user_meta_data->>'full_name'\n)  /* name */`,
    };
    const { code } = await run(['sync'], {
      url: db.url,
      config: { target: fine, columns, skip: { where: 'false -- nobody' } },
    });
    expect(code).toBe(0);
    expect(
      await db.query(`select from ${fine} where email like 'canary%' and full_name like 'Name canary%'`),
    ).toHaveLength(3);
  });
});

describe('columns that cannot be written so', () => {
  test('a NOT NULL column that nobody maps stops a sync with the line that would map it; a check only warns', async () => {
    const target = await table(`${PLAIN_COLUMNS}, "tenantId" uuid not null, plan text not null`);
    const config = { ...PLAIN_CONFIG, target };
    const line = await stopped(config);
    expect(line).toContain(`${target} needs a value for tenantId, plan`);
    expect(line).toContain('"tenantId": "<SQL over u, uuid>"');
    const { json, code } = await run(['check', '--json'], { url: db.url, config });
    expect(json().warnings).toContainEqual(expect.objectContaining({ code: 'column_unmapped' }));
    expect(code).toBe(2);
  });

  test('with a BEFORE INSERT trigger that fills it in, sync goes on with a warning', async () => {
    const target = await table(`${PLAIN_COLUMNS}, plan text not null`);
    await db.queryAsPostgres(`
      create function public.fill() returns trigger language plpgsql as $$ begin new.plan := 'free'; return new; end $$;
      create trigger fill before insert on ${target} for each row execute function public.fill()`);
    const { json, code } = await run(['sync', '--json'], { url: db.url, config: { ...PLAIN_CONFIG, target } });
    expect(json().warnings.map((warning) => warning.code)).toEqual(
      expect.arrayContaining(['column_unmapped', 'trigger']),
    );
    expect(code).toBe(0);
    expect(await db.query(`select from ${target} where plan = 'free'`)).toHaveLength(3);
  });

  test.each([
    ['generated', 'full_name text generated always as (upper(email)) stored', 'full_name', `'x'`],
    ['identity', 'number bigint generated always as identity', 'number', '1'],
    ['identity', 'number bigint generated by default as identity', 'number', '1'],
  ])('a column that the table computes itself (%s)', async (kind, ddl, column, expression) => {
    const target = await table(`id uuid primary key, email text, ${ddl}`);
    expect(await stopped({ target, columns: { email: 'u.email', [column]: expression } })).toMatch(
      new RegExp(`columns\\.${column}: .*\\(${kind}\\).*remove it from columns`),
    );
  });

  test('a column that does not exist, and one in another case', async () => {
    const target = await table(PLAIN_COLUMNS);
    expect(await stopped({ target, columns: { Email: 'u.email' } })).toMatch(
      /columns\.Email: .* no column.*case-sensitive/,
    );
  });

  test('no mapping at all: the table suggests one, and what it cannot suggest is asked for', async () => {
    const target = await table(PLAIN_COLUMNS);
    const sync = await run(['sync', '--target', target, '--json'], { url: db.url });
    expect(sync.json()).toMatchObject({ verdict: 'repaired', warnings: [{ code: 'mapping_inferred' }] });
    const demanding = await table(`${PLAIN_COLUMNS}, team uuid not null`);
    expect(await stopped({ target: demanding })).toMatch(/team, which nothing maps.*"team"/);
    const check = await run(['check', '--target', demanding, '--json'], { url: db.url });
    expect(check.json()).toMatchObject({ drift: { missing: 3 }, warnings: [{ code: 'column_unmapped' }] });
  });

  test('a repair function writes the rows, and the mapping is none of its business', async () => {
    const target = await table(PLAIN_COLUMNS);
    await db.queryAsPostgres(`create function public.repair_one(uuid) returns void language sql as
      $$ insert into ${target} (id, bio) values ($1, 'by the app') $$`);
    const columns = { full_name: 'u.no_such_column' };
    const config = { target, columns, repair: { function: 'public.repair_one' } };
    const { code } = await run(['sync'], { url: db.url, config });
    expect(code).toBe(0);
    expect(await db.query(`select full_name from ${target} where bio = 'by the app'`)).toEqual([
      { full_name: null },
      { full_name: null },
      { full_name: null },
    ]);
  });

  test('a refresh column that is not mapped is a fault', async () => {
    const target = await table(PLAIN_COLUMNS);
    expect(await stopped({ ...PLAIN_CONFIG, target, refresh: ['emial'] })).toMatch(/refresh/);
  });

  test('another value for the key is a fault; u.id, as init would write it, is none', async () => {
    const target = await table(PLAIN_COLUMNS);
    expect(await stopped({ target, columns: { id: 'gen_random_uuid()' } })).toMatch(
      /columns\.id: the key is always u\.id/,
    );
    const { code } = await run(['sync'], {
      url: db.url,
      config: { target, columns: { id: 'u.id', email: 'u.email' } },
    });
    expect(code).toBe(0);
  });
});
