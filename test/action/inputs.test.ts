import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../action/environment.ts';
import { INPUTS, type Inputs, planOf } from '../../action/inputs.ts';
import { secretsIn } from '../../action/secrets.ts';
import { alertVariables, runVariables, secretsOf } from '../../action/variables.ts';
import { runAction } from '../support/action.ts';
import { readAction } from '../support/action-file.ts';
import { createTable, PLAIN_COLUMNS } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

function plan(given: Partial<Inputs>) {
  return planOf({ ...(Object.fromEntries(INPUTS.map((name) => [name, ''])) as Inputs), ...given });
}

describe('inputs', () => {
  test('are those of action.yml, each handed over by a variable', () => {
    const action = readAction();
    expect(Object.keys(action.inputs)).toEqual([...INPUTS]);
    const run = action.runs.steps.find(({ id }) => id === 'run');
    const expected = INPUTS.map((name) => [
      `INPUT_${name.replaceAll('-', '_').toUpperCase()}`,
      `\${{ inputs.${name} }}`,
    ]);
    expect(Object.entries(run?.env ?? {})).toEqual(expected);
  });

  test('become flags that carry their value with them, so that no value is a flag', () => {
    const { flags } = plan({ command: 'sync', target: '--yes', since: '7d', 'dry-run': 'True', 'busy-ok': 'false' });
    expect(flags).toEqual(['--target=--yes', '--since=7d', '--dry-run']);
  });

  test('that may have a value are flags alone when they are true', () => {
    expect(plan({ command: 'backfill', 'allow-share': '30%', 'allow-triggers': 'true' }).flags).toEqual(
      ['--allow-triggers', '--allow-share=30%'].toSorted(),
    );
    expect(plan({ command: 'sync', 'allow-share': 'false' }).flags).toEqual([]);
  });

  test('name several users by lines, spaces or commas', () => {
    expect(plan({ user: 'a, b\nc' }).flags).toEqual(['--user=a', '--user=b', '--user=c']);
  });

  test('that are wrong are named all at once', () => {
    const wrong = { command: 'chekc', ids: 'some', 'dry-run': 'yes', summary: '1' };
    expect(() => plan(wrong)).toThrow(
      /command: expected check, sync, backfill or alert; dry-run: expected true or false; ids: expected auto, always or never; summary: /,
    );
    expect(() => plan({ command: 'check', 'max-writes': '5', wait: '1m' })).toThrow(
      /max-writes: for sync or backfill only; wait: for sync or backfill only/,
    );
    expect(() => plan({ command: 'backfill', user: 'a' })).toThrow(/user: for check or sync only/);
    expect(() => plan({ command: 'alert' })).toThrow(/report: /);
  });
});

describe('inputs that are wrong end with 64 and one error that names them', () => {
  test.each([
    [{ command: 'drop' }, /^command: expected check, sync, backfill or alert/],
    [{ command: '$(touch pwned)"; exit 0 #' }, /^command: expected/],
    [{ 'working-directory': 'nowhere' }, /^working-directory: there is no such folder.*actions\/checkout/],
    [{ grace: 'soon' }, /--grace.*Expected a duration/],
    [{ command: 'sync', concurrency: '-1' }, /--concurrency.*Expected a whole number/],
    [{ target: 'a b c' }, /--target is not a table name/],
  ])('%j', async (inputs, message) => {
    const { code, annotations, outputs, summary } = await runAction(inputs);
    expect(annotations).toEqual([{ level: 'error', title: 'userdrift', message: expect.stringMatching(message) }]);
    expect(outputs).toMatchObject({ verdict: '', 'exit-code': '64', report: '' });
    expect(summary).toContain('### ✗ userdrift: no report');
    expect(code).toBe(64);
  });

  test('a configuration that is wrong is named as well, with 1', async () => {
    const { code, annotations } = await runAction({}, { files: { 'userdrift.config.json': '{"targte": "x"}' } });
    expect(annotations).toMatchObject([{ level: 'error', message: expect.stringContaining('targte: unknown key') }]);
    expect(code).toBe(1);
  });

  test('so is a database that nobody named', async () => {
    const { code, annotations, outputs } = await runAction({});
    expect(annotations).toMatchObject(
      [{ title: 'userdrift check: failed', message: /DATABASE_URL is not set/ }].map(({ title }) => ({ title })),
    );
    expect(annotations[0]?.message).toContain('DATABASE_URL is not set');
    expect(outputs.verdict).toBe('failed');
    expect(code).toBe(1);
  });
});

describe('what a run may see, and what an alert', () => {
  const given = {
    'database-url': 'postgresql://u:p@h/db',
    'ping-url': 'https://ping.example/x',
    'github-token': 'ghs_x',
    'slack-webhook-url': 'https://hooks.example/x',
  };
  const inputs = { ...(Object.fromEntries(INPUTS.map((name) => [name, ''])) as Inputs), ...given };

  test('have not one secret in common', () => {
    const run = runVariables(inputs, { PATH: '/bin', SLACK_WEBHOOK_URL: 'of the job' });
    const alert = alertVariables(inputs, {
      PATH: '/bin',
      DATABASE_URL: 'of the job',
      USERDRIFT_PING_URL: 'of the job',
      SUPABASE_SECRET_KEY: 'sb_secret_of_the_job',
      SUPABASE_SERVICE_ROLE_KEY: 'legacy of the job',
    });
    expect(run).toEqual({ PATH: '/bin', DATABASE_URL: given['database-url'], USERDRIFT_PING_URL: given['ping-url'] });
    expect(alert).toEqual({ PATH: '/bin', GITHUB_TOKEN: 'ghs_x', SLACK_WEBHOOK_URL: given['slack-webhook-url'] });
    const keys = { SUPABASE_SECRET_KEY: 'sb_secret_of_the_job', SUPABASE_SERVICE_ROLE_KEY: 'legacy of the job' };
    expect(secretsOf(inputs, keys)).toEqual(expect.arrayContaining(Object.values(keys)));
  });

  test('is no input, and no token of the job', () => {
    const given = [
      'INPUT_DATABASE_URL',
      'ACTIONS_RUNTIME_TOKEN',
      'GITHUB_TOKEN',
      'GITHUB_STEP_SUMMARY',
      'GITHUB_REPOSITORY',
    ];
    for (const name of given) vi.stubEnv(name, name.toLowerCase());
    const { inputs: read, variables, summaryFile } = readEnvironment();
    vi.unstubAllEnvs();
    expect([read['database-url'], summaryFile]).toEqual(['input_database_url', 'github_step_summary']);
    expect(given.filter((name) => name in variables)).toEqual(['GITHUB_REPOSITORY']);
  });

  test('is the certificate as text or as a file', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----';
    expect(runVariables({ ...inputs, 'ca-cert': pem }, {})).toMatchObject({ DATABASE_CA_CERT: pem });
    expect(runVariables({ ...inputs, 'ca-cert': 'certs/ca.crt' }, {})).toMatchObject({ PGSSLROOTCERT: 'certs/ca.crt' });
  });
});

describe('secrets', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createDatabase();
    await createTable(db, PLAIN_COLUMNS);
  });
  afterAll(() => db.drop());

  test.each([
    ['postgresql://u:plain@h/db', ['plain']],
    ['postgresql://u:p%40ss%2Fword@h/db', ['p%40ss%2Fword', 'p@ss/word']],
    ['postgresql://u:p@ss/word@h/db', ['p@ss/word', 'p%40ss%2Fword', 'p']],
    ['postgresql://u:100%@h/db', ['100%', '100%25']],
    ['postgresql://u@h/db', []],
    ['https://hc-ping.com/uuid', []],
  ])('in %s are the whole and the password in each spelling', (url, passwords) => {
    expect(new Set(secretsIn(` ${url} `))).toEqual(new Set([url, ...passwords]));
  });

  test('that do not work are masked before anything is said', async () => {
    const password = 'wrong/p@ss:100%';
    const url = db.url.replace(/:[^:/@]+@/, `:${encodeURIComponent(password)}@`);
    const ping = 'https://127.0.0.1:1/uuid-of-a-check';
    const { code, annotations, masks, all } = await runAction({
      'database-url': url,
      'ping-url': ping,
      'slack-webhook-url': 'https://hooks.example/secret',
    });
    expect(masks).toEqual(expect.arrayContaining([url, password, encodeURIComponent(password), ping]));
    for (const secret of [...masks, 'ghs_token', 'hooks.example']) expect(all).not.toContain(secret);
    expect(annotations).toMatchObject([{ level: 'error', title: 'userdrift check: failed' }]);
    expect(code).toBe(1);
  });

  test('of the job count as much as those of the step', async () => {
    const { code, masks, all } = await runAction({}, { env: { DATABASE_URL: db.url } });
    expect(masks).toContain(db.url);
    expect(all).not.toContain(db.url);
    expect(code).toBe(0);
  });
});
