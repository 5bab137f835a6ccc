import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gitHubEnv } from '../support/alert.ts';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { run, start } from '../support/cli.ts';
import { createDatabase } from '../support/database.ts';
import { type GitHubStub, gitHubStub } from '../support/github.ts';
import { expectNoCanary, twelveKinds } from '../support/people.ts';
import { drift } from '../support/reports.ts';

let github: GitHubStub;
beforeAll(async () => {
  github = await gitHubStub();
});
afterAll(() => github.close());

const files = () => ({ 'report.json': JSON.stringify(drift(7)) });
const env = () => gitHubEnv(github);

describe.concurrent('the process', () => {
  test('a file, and stdin: exit 0, whatever the report says', async () => {
    const file = await run(['alert', 'report.json', '--environment', 'file'], { files: files(), env: env() });
    expect(file).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^opened acme\/app#\d: 7 missing\n$/),
      stderr: '',
    });
    const stdin = await run(['alert', '-', '--environment', 'stdin', '--json'], {
      stdin: { text: JSON.stringify(drift(7)) },
      env: env(),
    });
    expect(stdin.code).toBe(0);
    expect(JSON.parse(stdin.stdout)).toMatchObject({ action: 'open' });
  });

  test('--quiet says nothing, which cron would mail', async () => {
    const end = await run(['alert', 'report.json', '--environment', 'quiet', '--quiet'], {
      files: files(),
      env: env(),
    });
    expect(end).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(github.issues.map(({ title }) => title)).toContain('userdrift: public.users (quiet)');
  });

  test('a file that is not there: 1, and what that means', async () => {
    const { code, said } = await run(['alert', 'nowhere.json'], { env: env() });
    expect(said.join()).toMatch(/^userdrift: nowhere\.json cannot be read \(ENOENT\)\. Fix: .*--report/);
    expect(code).toBe(1);
  });

  test('a token that is refused: 1, and not a word of it', async () => {
    const { code, said, stdout } = await run(['alert', 'report.json'], {
      files: files(),
      env: { ...env(), GITHUB_TOKEN: 'ghp_wrong0token' },
    });
    expect(said.join()).toMatch(/^userdrift: GitHub does not accept GITHUB_TOKEN \(401\)\. Fix: /);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  test.each([
    [[], /missing required argument 'report'/],
    [['report.json', '--older-than', 'soon'], /--older-than.*duration/],
    [['report.json', '--repository', 'app'], /--repository.*owner\/name/],
    [['report.json', '--environment', ' '], /--environment.*at most 60/],
    [['report.json', '--target', 'x'], /unknown option '--target'/],
  ])('%j is 64', async (args, line) => {
    const { code, said } = await run(['alert', ...args], { files: files(), env: env() });
    expect(said.join()).toMatch(line);
    expect(code).toBe(64);
  });
});

test('a signal ends it at once', async () => {
  github.reset();
  github.trouble = () => 'stall';
  const { kill, done } = await start(['alert', 'report.json'], { files: files(), env: env() });
  while (github.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  kill('SIGTERM');
  const { code, ms } = await done;
  expect(code).toBe(143);
  expect(ms).toBeLessThan(5000);
});

test('from the database to the issue and back, with nothing of a person in it', async () => {
  github.reset();
  const db = await createDatabase();
  try {
    await createTable(db, PLAIN_COLUMNS);
    await twelveKinds(db);
    const options = { url: db.url, config: PLAIN_CONFIG };
    const tell = async (...args: string[]) => {
      const { files: left } = await run([...args, '--report', 'report.json', '--quiet'], options);
      return (await run(['alert', 'report.json'], { files: left, env: env() })).stdout;
    };
    expect(await tell('check')).toBe('opened acme/app#1: 9 missing\n');
    expect(await tell('sync')).toBe('closed acme/app#1: in sync\n');
    expect(github.issues[0]).toMatchObject({ state: 'closed' });
    expectNoCanary(github.heard.map(({ body }) => body).join());
    expect(github.heard.map(({ body }) => body).join()).not.toContain('127.0.0.1');
  } finally {
    await db.drop();
  }
});
