import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { program } from '../../src/commands/program.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hasTerminal, sitAtTerminal } from '../support/pty.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(`create table public.users (id uuid primary key references auth.users, email text, slug text not null);
    create table public.profiles (id uuid primary key references auth.users, email text)`);
});
afterAll(() => db.drop());

describe('userdrift init', () => {
  test('writes, and says what to type next', async () => {
    const args = ['init', '--target', 'public.profiles', '--yes', '--with', 'crontab'];
    const { code, stdout, stderr, files } = await run(args, { url: db.url });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(Object.keys(files).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['crontab', 'userdrift.config.json']);
    expect(stdout).toContain('\nNext: userdrift check\n');
    const check = await run(['check', '--quiet'], { url: db.url, config: files['userdrift.config.json'] ?? '' });
    expect(check).toMatchObject({ code: 0, stdout: '' });
  });

  test('over HTTP only asks for DATABASE_URL', async () => {
    const env = { SUPABASE_URL: 'https://x.supabase.co', SUPABASE_SECRET_KEY: 'sb_secret_x' };
    const { code, said, files } = await run(['init', '--yes'], { env });
    expect({ code, said, files }).toEqual({
      code: 1,
      said: [expect.stringContaining('init needs DATABASE_URL: the Data API does not show')],
      files: {},
    });
  });

  test.each([
    [['--with', 'everything'], 'Expected a list of trigger, functions, history, edge, workflow, crontab'],
    [['--set', 'slug='], 'Expected a column and SQL'],
  ])('does not take %j', async (args, expected) => {
    const said: string[] = [];
    const terminal = { ...quietTerminal(), err: (text: string) => void said.push(text) };
    const line = program(terminal, () => {}).parseAsync(['init', ...args], { from: 'user' });
    await expect(line).rejects.toMatchObject({ code: 'commander.invalidArgument' });
    expect(said.join('')).toContain(expected);
  });
});

describe.runIf(hasTerminal)('at a terminal', () => {
  const ENTER = '\r';
  const DOWN = '\u001b[B';

  test('asks what only a person can know, and writes', async () => {
    const end = await sitAtTerminal(['init'], { url: db.url, files: {} }, [
      { sees: /Which table holds the users/, keys: `${DOWN}${ENTER}` },
      { sees: /What goes into slug/, keys: `nonsense()${ENTER}` },
      {
        sees: /columns\.slug: function nonsense\(\) does not exist.*What goes into slug/s,
        keys: `u.id::text${ENTER}`,
      },
      { sees: /What else should be written/, keys: `${DOWN.repeat(5)} ${ENTER}` },
      { sees: /Write these 2 files\?/, keys: ENTER },
    ]);
    expect(end).toMatchObject({ code: 0, files: expect.arrayContaining(['crontab', 'userdrift.config.json']) });
    expect(end.text).toContain('wrote 2 files');
  });

  test('Ctrl-C ends it with 130 also at the last question, and nothing is written', async () => {
    const end = await sitAtTerminal(['init', '--target', 'public.users'], { url: db.url, files: {} }, [
      { sees: /What goes into slug/, keys: `'x'${ENTER}` },
      { sees: /What else/, keys: ENTER },
      { sees: /Write this file/, keys: '\u0003' },
    ]);
    expect(end).toMatchObject({ code: 130, files: [] });
  });

  test('writes nothing after a No', async () => {
    const files = { 'userdrift.config.json': '{ "target": "public.profiles" }\n' };
    const no = await sitAtTerminal(['init'], { url: db.url, files }, [
      { sees: /What else/, keys: ENTER },
      { sees: /Write this file, and change userdrift\.config\.json as shown\?/, keys: 'n' },
    ]);
    expect(no).toMatchObject({ code: 0, files: ['userdrift.config.json'] });
    expect(no.text).toContain('nothing written');
  });
});
