import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import { run } from '../support/cli.ts';

// Nothing listens there: whoever got as far as connecting would say so.
const NOWHERE = 'postgresql://postgres:secret-word@127.0.0.1:1/postgres';
const TARGET = ['--target', 'public.users'];

// Nothing is shared here, and much of each test is waiting: side by side they take half the time.
describe.concurrent('a command line that is wrong', () => {
  test.each([
    [['chek'], /unknown command 'chek'.*check/],
    [['check', '--jsn'], /unknown option '--jsn'.*--json/],
    [['check', 'public.users'], /too many arguments.*check/],
    [['check', '--dry-run'], /unknown option '--dry-run'/],
    [['check', '--allow-share'], /unknown option '--allow-share'/],
    [['check', '--yes'], /unknown option '--yes'/],
    [['check', '--user', '123'], /--user.*'123'.*uuid/],
    [['check', '--user', '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a1g'], /--user.*uuid/],
    [['check', '--user'], /--user <uuid>.*missing/],
    [
      ['check', '--user', '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10', '--shard', '1/2'],
      /--user.*cannot be used with.*--shard/,
    ],
    [
      ['check', '--since', '7d', '--user', '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'],
      /--user.*cannot be used with.*--since/,
    ],
    [['check', '--since', 'yesterday'], /--since.*'yesterday'.*date/],
    [['check', '--since', '2026-02-30'], /--since.*date/],
    [['check', '--grace', '5 minutes'], /--grace.*'5 minutes'.*duration such as 90s/],
    [['check', '--grace', '-5s'], /--grace/],
    [['check', '--deadline', 'soon'], /--deadline.*'soon'.*duration/],
    [['check', '--max-drift', 'many'], /--max-drift.*'many'.*whole number/],
    [['check', '--max-drift', '1.5'], /--max-drift.*whole number/],
    [['check', '--max-drift', '5%'], /--max-drift.*whole number/],
    [['check', '--shard', '0/4'], /--shard.*'0\/4'.*I\/N such as 1\/4/],
    [['check', '--shard', '5/4'], /--shard.*'5\/4'/],
    [['check', '--shard', 'auto/4'], /--shard.*'auto\/4'.*JOB_COMPLETION_INDEX/],
    [['check', '--shard', 'auto'], /--shard.*'auto'/],
    [['check', '--log-level', 'loud'], /--log-level.*'loud'.*debug, info, warn, error, silent/],
    [['check', '--transport', 'carrier-pigeon'], /--transport.*'carrier-pigeon'/],
    [['check', '--target', 'public.users; drop table x'], /--target.*public\.users/],
    [['sync', '--batch-size', '0'], /--batch-size.*'0'.*from 1 to/],
    [['sync', '--batch-size', '10001'], /--batch-size.*'10001'.*to 10000/],
    [['sync', '--concurrency', '0'], /--concurrency.*'0'/],
    [['sync', '--fail-on', 'anything'], /--fail-on.*'anything'.*drift, unrepaired/],
    [['sync', '--allow-share', '120%'], /--allow-share.*'120%'.*percentage/],
    [['sync', '--allow-share', 'most'], /--allow-share.*'most'.*percentage/],
    [['sync', '--max-writes', '1k'], /--max-writes.*'1k'.*whole number/],
    [['sync', '--wait', '5'], /--wait.*'5'.*duration/],
  ] as const)('%j exits 64 with one line', async (args, line) => {
    const [command, ...rest] = args;
    const { code, stdout, stderr, said } = await run([command, ...TARGET, ...rest], { url: NOWHERE });
    expect(said.join('\n')).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(64);
  });
});

describe.concurrent('a secret in the wrong place is not quoted', () => {
  test.each([
    [['check', 'postgresql://u:s3cret@h/db'], /too many arguments/],
    [['check', '--pingurl=https://hc-ping.com/s3cret'], /unknown option '--pingurl=\*\*\*'/],
    [['check', '--grace', 'https://hc-ping.com/s3cret'], /--grace.*'\*\*\*'/],
    [['https://hc-ping.com/s3cret'], /unknown command '\*\*\*'/],
  ])('%j', async (args, line) => {
    const { code, stderr } = await run(args);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain('s3cret');
    expect(code).toBe(64);
  });
});

describe.concurrent('help', () => {
  test('userdrift alone prints it and exits 0', async () => {
    const { code, stdout, stderr } = await run([]);
    for (const command of ['check', 'sync', 'backfill', 'demo'])
      expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('every exit code and its verdicts stand in it', async () => {
    const { stdout, code } = await run(['--help']);
    for (const { code: exit, verdicts } of EXIT_CODES) {
      expect(stdout).toMatch(new RegExp(`^ +${exit}  ${verdicts.join(', ') || '-'} `, 'm'));
    }
    expect(code).toBe(0);
  });

  test('every flag of sync is explained', async () => {
    const { stdout } = await run(['sync', '--help']);
    const flags =
      'config target key user since grace shard max-drift deadline transport json report quiet no-ids log-level ' +
      'dry-run concurrency batch-size fail-on allow-share max-writes allow-triggers wait busy-ok yes';
    for (const flag of flags.split(' ')) expect(stdout).toMatch(new RegExp(`^ +--${flag}( |$)`, 'm'));
  });

  test('check has no flag that is about writing', async () => {
    const { stdout } = await run(['check', '--help']);
    const flags = 'dry-run concurrency batch-size fail-on allow-share max-writes allow-triggers wait busy-ok yes';
    for (const flag of flags.split(' ')) expect(stdout).not.toMatch(new RegExp(`--${flag}\\b`));
  });

  test('--version prints the version alone', async () => {
    const { stdout, code } = await run(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    expect(code).toBe(0);
  });
});

describe.concurrent('no way to the database', () => {
  const silent = ['--log-level', 'silent'];

  test('neither DATABASE_URL nor a configuration: the first thing to name is the database', async () => {
    const { code, stdout, stderr } = await run(['check', ...silent]);
    expect(stderr).toMatch(/^userdrift: DATABASE_URL is not set\. Fix: .*\.env.*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test.each(['check', 'sync', 'backfill'])('%s without DATABASE_URL says where to set it', async (command) => {
    const { code, stdout, stderr } = await run([command, ...TARGET, ...silent]);
    expect(stderr).toMatch(/^userdrift: DATABASE_URL is not set\. .*\.env.*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test.each([
    ['a closed port', NOWHERE, /nothing listens at 127\.0\.0\.1:1\..*DATABASE_URL/],
    [
      'an unknown host',
      'postgresql://u:secret-word@db.example.invalid/postgres',
      /no such host: db\.example\.invalid:5432/,
    ],
    ['a placeholder', 'postgresql://postgres:[YOUR PASSWORD]@127.0.0.1/postgres', /placeholder.*\[YOUR-PASSWORD\]/],
    [
      'an unescaped password',
      'postgresql://postgres:secret@word@127.0.0.1/x',
      /unescaped special character.*percent-encode/,
    ],
    ['a web address', 'https://abcdefgh.supabase.co', /DATABASE_URL holds a web address.*SUPABASE_URL/],
    ['a port that is none', 'postgresql://postgres:secret-word@127.0.0.1:port/x', /port in DATABASE_URL/],
  ])('%s: one line, and 1', async (_, url, line) => {
    const { code, stdout, stderr, ms } = await run(['sync', ...TARGET, ...silent], { url });
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/^userdrift: .*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    expect(ms).toBeLessThan(10_000);
  });

  test('the same reason stands in the report of --json', async () => {
    const { code, json, said } = await run(['check', ...TARGET, '--json'], { url: NOWHERE });
    expect(json()).toMatchObject({
      verdict: 'failed',
      reason: { code: 'connection_refused' },
      drift: { missing: null },
    });
    expect(said).toEqual([]);
    expect(code).toBe(1);
  });

  test('--quiet prints one line on stdout and nothing on stderr', async () => {
    const { code, stdout, stderr } = await run(['check', ...TARGET, '--quiet'], { url: NOWHERE });
    expect(stdout).toMatch(/^userdrift check: failed, exit 1: nothing listens at 127\.0\.0\.1:1, .*\n$/);
    expect(stderr).toBe('');
    expect(code).toBe(1);
  });

  test('debug shows where, and no password', async () => {
    const { log, code } = await run(['check', ...TARGET, '--log-level', 'debug'], { url: NOWHERE });
    const trouble = log.find(({ msg }) => msg === 'the run stopped');
    expect(trouble).toMatchObject({
      cause: { code: 'ECONNREFUSED' },
      at: expect.arrayContaining([expect.any(String)]),
    });
    expect(code).toBe(1);
  });
});

describe.concurrent('a configuration that is wrong', () => {
  const refused = async (config: object | string, command = 'sync') => {
    const { code, stdout, stderr } = await run([command, '--log-level', 'silent'], { url: NOWHERE, config });
    expect(stderr).toMatch(/^userdrift: .*\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(1);
    return stderr;
  };

  test('all faults are told at once, each with its path', async () => {
    const line = await refused({
      target: 'public.users; --',
      kee: 'id',
      columns: { email: '' },
      skip: { deleted: 'yes', wher: 'true' },
      grace: 'a minute',
      limits: { share: '20', writes: '50000', failures: 0 },
    });
    const paths = 'target kee columns.email skip.deleted skip.wher grace limits.share limits.writes limits.failures';
    for (const path of paths.split(' ')) expect(line).toContain(`${path}: `);
    expect(line).toMatch(/kee: unknown key/);
    expect(line).toMatch(/skip\.wher: unknown key/);
    expect(line).toMatch(/grace: expected a duration such as 60s/);
    expect(line).toMatch(/limits\.share: expected a percentage/);
    expect(line).toMatch(/userdrift\.config\.json/);
  });

  test.each([
    ['orphans', { orphans: 'delete' }, /orphans: .*report/],
    ['repair', { repair: { func: 'x' } }, /repair: expected "insert" or/],
    ['grace', { grace: 60 }, /grace: /],
    ['the whole file', [], /the whole file: /],
    ['the whole file', 'null', /the whole file: /],
    ['refresh', { refresh: 'email' }, /refresh: /],
  ])('%s: %j', async (_, config, line) => {
    expect(await refused(config)).toMatch(line);
  });

  test('broken JSON is told with line and column', async () => {
    expect(await refused('{\n  "target": "public.users",\n  "columns": {,}\n}\n')).toMatch(/line 3, column 15/);
  });

  test('an empty file is told too', async () => {
    expect(await refused('')).toMatch(/userdrift\.config\.json: .*line 1, column 1/);
  });

  test('comments and trailing commas are no fault', async () => {
    const config = '{\n  // the table\n  "target": "public.users", /* and */ "columns": {},\n}\n';
    const { stderr } = await run(['check', '--log-level', 'silent'], { url: NOWHERE, config });
    expect(stderr).toMatch(/nothing listens/);
  });

  test('a file that --config names must exist', async () => {
    const { code, stderr } = await run(['check', '--config', 'no-such.json'], { url: NOWHERE });
    expect(stderr).toMatch(/^userdrift: no-such\.json cannot be read \(ENOENT\)\. .*--config.*\n$/);
    expect(code).toBe(1);
  });

  test('a flag wins over the file, and the file that is named over the one that is there', async () => {
    const { json } = await run(['check', '--json', '--config', 'other/mine.json', '--target', 'app."Users"'], {
      url: NOWHERE,
      config: 'never read',
      files: { 'other/mine.json': '{"target": "public.profiles"}' },
    });
    expect(json().target).toBe('app."Users"');
  });
});

test('.env of the working directory is read, and the environment wins', async () => {
  const files = { '.env': 'DATABASE_URL=postgresql://postgres:secret-word@127.0.0.1:2/from_file\n' };
  const alone = await run(['check', ...TARGET, '--json'], { files });
  expect(alone.json().reason?.message).toContain('127.0.0.1:2');
  const both = await run(['check', ...TARGET, '--json'], { files, url: NOWHERE });
  expect(both.json().reason?.message).toContain('127.0.0.1:1');
});
