import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { init } from '../../src/commands/init.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { filesIn, projectWith, runInit } from '../support/init.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(
    'create table public.users (id uuid primary key references auth.users, email text, slug text)',
  );
});
afterAll(() => db.drop());

const CONFIG = 'userdrift.config.json';
const TOML = { 'supabase/config.toml': 'project_id = "x"\n' };
const ALL = ['trigger', 'functions', 'history', 'edge', 'workflow', 'crontab'] as const;

async function refused(directory: string, flags: Parameters<typeof runInit>[2]): Promise<Fault> {
  const before = await filesIn(directory);
  const fault: unknown = await runInit(db.url, directory, flags).catch((error: unknown) => error);
  expect(await filesIn(directory)).toEqual(before);
  if (!(fault instanceof Fault)) throw fault;
  return fault;
}

describe('the configuration', () => {
  test('is written with its schema and its reasons, and a second run changes nothing', async () => {
    const directory = await projectWith();
    const first = await runInit(db.url, directory);
    const files = await filesIn(directory);
    expect(Object.keys(files)).toEqual([CONFIG]);
    expect(files[CONFIG]).toMatch(/^\{\n {2}"\$schema": "\.\/node_modules\/userdrift\/userdrift\.schema\.json",\n/);
    expect(first.out).toContain(`+ ${CONFIG}  new`);
    expect(first.out).toContain(`Next: userdrift check --config ${directory}/${CONFIG}\n`);
    expect(first.out).toMatch(/\ninit, exit 0, [\d.]+s, 1 file written\n$/);
    const second = await runInit(db.url, directory);
    expect(second.out).toContain(`= ${CONFIG}  unchanged`);
    expect(second.out).toContain('everything is there already');
    expect(await filesIn(directory)).toEqual(files);
  });

  test('that is there is completed: comments, order and all that a person wrote stay', async () => {
    const text = '{\n  // ours\n  "limits": { "writes": 7 },\n  "target": "public.users" // the table\n}\n';
    const directory = await projectWith({ [CONFIG]: text });
    const fault = await refused(directory, { yes: true });
    expect(fault).toMatchObject({ code: 'file_exists', verdict: 'refused', fix: expect.stringContaining('--force') });
    const { out } = await runInit(db.url, directory, { yes: true, force: true });
    expect(out).toContain(`~ ${CONFIG}  changed`);
    expect(out).toMatch(/^ {2}\+ .*"email": "u\.email"$/m);
    const { [CONFIG]: after = '' } = await filesIn(directory);
    for (const line of ['// ours', '"limits": { "writes": 7 },', '// the table']) expect(after).toContain(line);
    expect(parseConfig(after, 'test')).toMatchObject({
      key: 'id',
      columns: { email: 'u.email' },
      limits: { writes: 7 },
    });
    expect((await runInit(db.url, directory)).out).toContain('everything is there already');
  });

  test('with columns has the whole mapping', async () => {
    const text = JSON.stringify({ target: 'public.users', key: 'id', columns: { slug: "'x'" } });
    const directory = await projectWith({ [CONFIG]: text });
    const { out } = await runInit(db.url, directory);
    expect(out).toContain('= userdrift.config.json  unchanged');
    expect(out).toMatch(/email +left NULL/);
  });

  test('for another table says nothing of the columns of this one', async () => {
    const text = JSON.stringify({ target: 'public.others', key: 'no', columns: { nothing: 'u.phone' } });
    const directory = await projectWith({ [CONFIG]: text });
    await runInit(db.url, directory, { yes: true, force: true, target: 'public.users', key: 'id' });
    const written = parseConfig((await filesIn(directory))[CONFIG] ?? '', 'test');
    expect(written).toMatchObject({ target: { name: 'users' }, key: 'id', columns: { email: 'u.email' } });
    expect(written.columns).not.toHaveProperty('nothing');
  });

  test('for another table says nothing of the key of this one', async () => {
    await db.queryAsPostgres('create table public.staff (user_id uuid primary key references auth.users)');
    const text = JSON.stringify({ target: 'public.users', key: 'id' });
    const directory = await projectWith({ [CONFIG]: text });
    await runInit(db.url, directory, { yes: true, force: true, target: 'public.staff' });
    const written = parseConfig((await filesIn(directory))[CONFIG] ?? '', 'test');
    expect(written).toMatchObject({ target: { name: 'staff' }, key: 'user_id' });
  });

  test('is judged: a wrong one is told as everywhere', async () => {
    const directory = await projectWith({ [CONFIG]: '{ "targt": 1 }' });
    expect(await refused(directory, { yes: true })).toMatchObject({ code: 'config_invalid' });
    const wrong = JSON.stringify({ target: 'public.users', columns: { email: 'u.mail' } });
    expect(await refused(await projectWith({ [CONFIG]: wrong }), { yes: true })).toMatchObject({
      code: 'expression_invalid',
    });
  });
});

describe('without a word from somebody', () => {
  test.each([[{}], [{ dryRun: true, yes: true }]])('nothing is written: %j', async (flags) => {
    const directory = await projectWith();
    const { code, out } = await runInit(db.url, directory, { ...flags, with: ['crontab'] });
    expect(code).toBe(0);
    expect(out).toMatch(/\+ userdrift\.config\.json +new/);
    expect(out).toContain(`Next: userdrift init --dir ${directory} --with crontab --yes\n`);
    expect(out).toMatch(/nothing written\n$/);
    expect(await filesIn(directory)).toEqual({});
  });
});

describe('a column that only a person can speak for', () => {
  beforeAll(() =>
    db.queryAsPostgres(
      'create table public.members (id uuid primary key, email text, tenant text not null, at timestamptz not null)',
    ),
  );
  const aim = { target: 'public.members', key: 'id' };

  test('stops --yes before anything is written, with what to type', async () => {
    const fault = await refused(await projectWith(), { yes: true, ...aim });
    expect(fault).toMatchObject({ code: 'column_unmapped', verdict: 'failed' });
    expect(fault.fix).toBe(`say what goes in: --set 'tenant=<SQL over u, text>' --set 'at=now()'`);
  });

  test('is shown otherwise, and nothing else is', async () => {
    const directory = await projectWith();
    const { code, out } = await runInit(db.url, directory, aim);
    expect(code).toBe(0);
    expect(out).toMatch(/✗ tenant +it must have a value, and nothing gives one \(text\)/);
    expect(out).toContain(`--set 'at=now()' --yes`);
    expect(out).not.toContain('Files');
  });

  test('is told of a privilege that --set would let users choose', async () => {
    await db.queryAsPostgres('create table public.crew (id uuid primary key, role text not null)');
    const set = { role: "u.raw_user_meta_data->>'role'" };
    const { out } = await runInit(db.url, await projectWith(), { target: 'public.crew', key: 'id', set });
    expect(out).toContain('columns.role takes a privilege from raw_user_meta_data');
  });

  test('is told of the same in an answer, which nobody has seen in the proposal', async () => {
    const said: string[] = [];
    const questions = {
      write: async () => "u.raw_user_meta_data->>'role'",
      pick: async () => '0',
      pickSome: async () => [],
      confirm: async () => false,
    };
    const out = (text: string) => void said.push(text);
    const terminal = { ...quietTerminal({ DATABASE_URL: db.url }), interactive: true, questions, out };
    expect(await init({ dir: await projectWith(), target: 'public.crew', key: 'id' }, terminal)).toBe(0);
    expect(said.join('')).toMatch(/Before a sync\n {2}! columns\.role takes a privilege from raw_user_meta_data/);
  });

  test('gets what --set says, as far as the database takes it', async () => {
    const directory = await projectWith();
    const set = { tenant: `coalesce(u.raw_app_meta_data->>'tenant', 'none')`, at: 'now()' };
    await runInit(db.url, directory, { yes: true, ...aim, set });
    expect(parseConfig((await filesIn(directory))[CONFIG] ?? '', 'test').columns).toEqual({ email: 'u.email', ...set });
    const other = await projectWith();
    expect(await refused(other, { yes: true, ...aim, set: { ...set, at: 'later()' } })).toMatchObject({
      code: 'expression_invalid',
    });
    expect(await refused(other, { yes: true, ...aim, set: { ...set, nobody: '1' } })).toMatchObject({
      code: 'column_unknown',
      verdict: 'usage',
    });
    expect(await refused(other, { yes: true, ...aim, set: { ...set, id: 'u.id' } })).toMatchObject({
      code: 'column_unknown',
    });
  });
});

describe('what else is written', () => {
  test('is a project of Supabase, complete, and the same after a second run', async () => {
    const directory = await projectWith(TOML);
    const { out } = await runInit(db.url, directory, { yes: true, force: true, with: [...ALL] });
    const files = await filesIn(directory);
    const migrations = Object.keys(files).filter((path) => path.startsWith('supabase/migrations/'));
    expect(migrations.toSorted((a, b) => (a < b ? -1 : 1)).map((path) => path.replace(/\d{14}/, 'T'))).toEqual(
      ['trigger', 'functions', 'history', 'webhook'].map((kind) => `supabase/migrations/T_userdrift_${kind}.sql`),
    );
    expect(files['supabase/functions/sync-user/index.ts']).toContain('Deno.serve');
    expect(files['supabase/config.toml']).toMatch(
      /^project_id = "x"\n\n\[functions\.sync-user\]\n.*\nverify_jwt = false\n$/,
    );
    expect(files['.github/workflows/user-sync.yml']).toContain('uses: userdrift/userdrift@v0.0.0\n');
    expect(() => parse(files['.github/workflows/user-sync.yml'] ?? '')).not.toThrow();
    expect(files.crontab).toContain('userdrift sync --quiet');
    expect(out).toContain('then apply the migrations: supabase db push');
    const again = await runInit(db.url, directory, { yes: true, with: [...ALL] });
    expect(again.out).toContain('everything is there already');
    expect(await filesIn(directory)).toEqual(files);
  });

  test('is the same after a second run also where there is no project of Supabase', async () => {
    const directory = await projectWith();
    await runInit(db.url, directory, { yes: true, with: ['edge'] });
    const files = await filesIn(directory);
    expect(Object.keys(files)).toContain('userdrift_webhook.sql');
    const again = await runInit(db.url, directory, { yes: true, with: ['edge'] });
    expect(again.out).toContain('everything is there already');
    expect(await filesIn(directory)).toEqual(files);
  });

  test('is made from the mapping that was written: the trigger copies a new user', async () => {
    const directory = await projectWith();
    await runInit(db.url, directory, { yes: true, with: ['trigger'], set: { slug: `'from init'` } });
    const { 'userdrift_trigger.sql': sql = '' } = await filesIn(directory);
    await db.queryAsPostgres(sql);
    const { id } = await insertUser(db, {});
    expect(await db.query('select slug from public.users where id = $1', [id])).toEqual([{ slug: 'from init' }]);
  });

  test('is a new migration after a change of the mapping: the old one may be applied', async () => {
    const directory = await projectWith({
      ...TOML,
      'supabase/migrations/20250101000000_userdrift_trigger.sql': '-- older\n',
    });
    await runInit(db.url, directory, { yes: true, with: ['trigger'] });
    const files = await filesIn(directory);
    expect(files['supabase/migrations/20250101000000_userdrift_trigger.sql']).toBe('-- older\n');
    expect(Object.keys(files).filter((path) => path.endsWith('_userdrift_trigger.sql'))).toHaveLength(2);
  });

  test('says what is left to do where there is no supabase/config.toml, and keeps what it says already', async () => {
    const { out } = await runInit(db.url, await projectWith(), { yes: true, with: ['edge'] });
    expect(out).toContain('say in supabase/config.toml: [functions.sync-user] verify_jwt = false');
    const toml = '[functions.sync-user]\nverify_jwt = false\n';
    const directory = await projectWith({ 'supabase/config.toml': toml });
    await runInit(db.url, directory, { yes: true, with: ['edge'] });
    expect((await filesIn(directory))['supabase/config.toml']).toBe(toml);
    const closed = await projectWith({
      'supabase/config.toml': `${toml.replace('false', 'true')}\n[auth]\nx = false\n`,
    });
    expect((await runInit(db.url, closed, { yes: true, with: ['edge'] })).out).toContain(
      'say in supabase/config.toml:',
    );
  });

  test('stops where the job would: nothing is written', async () => {
    await db.queryAsPostgres('create table public.loose (id uuid, email text)');
    expect(
      await refused(await projectWith(), { yes: true, target: 'public.loose', key: 'id', with: ['trigger'] }),
    ).toMatchObject({ code: 'key_not_unique' });
  });

  test('is not written over what is there: a difference is shown, then refused', async () => {
    const directory = await projectWith({ crontab: '# mine\n' });
    expect(await refused(directory, { yes: true, with: ['crontab'] })).toMatchObject({
      code: 'file_exists',
      message: expect.stringMatching(/^crontab would be changed/),
    });
    await runInit(db.url, directory, { yes: true, force: true, with: ['crontab'] });
    expect((await filesIn(directory)).crontab).toContain('userdrift sync');
  });

  test('is not written over what somebody saved after it was shown', async () => {
    const directory = await projectWith({ crontab: '# mine\n' });
    const save = (text: string) =>
      text.includes('+# When userdrift runs') && writeFileSync(join(directory, 'crontab'), '# new\n');
    const terminal = { ...quietTerminal({ DATABASE_URL: db.url }), out: (text: string) => void save(text) };
    const flags = { dir: directory, yes: true, force: true, with: ['crontab' as const] };
    await expect(init(flags, terminal)).rejects.toMatchObject({ code: 'file_exists', verdict: 'refused' });
    expect(await filesIn(directory)).toEqual({ crontab: '# new\n' });
  });

  test('is written whole or not at all', async () => {
    const folder = await projectWith();
    await mkdir(join(folder, 'crontab'));
    expect(await refused(folder, { yes: true, with: ['crontab'] })).toMatchObject({ code: 'file_unreadable' });
    const blocked = await projectWith({ '.github': 'a file, not a folder' });
    expect(await refused(blocked, { yes: true, with: ['workflow'] })).toMatchObject({ code: 'file_unwritable' });
  });
});
