import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../src/fault.ts';
import { alertOn, gitHubEnv } from '../support/alert.ts';
import { type GitHubStub, gitHubStub } from '../support/github.ts';
import type { Answer, Misbehaviour } from '../support/http-stub.ts';
import { drift } from '../support/reports.ts';

let github: GitHubStub;
beforeAll(async () => {
  github = await gitHubStub();
});
afterAll(() => github.close());
beforeEach(() => github.reset());

const alert = (...args: string[]) => alertOn(drift(7), gitHubEnv(github), ...args);

/** The Fault of an alert; there has to be one, with a remedy. */
async function fault(...args: string[]): Promise<Fault> {
  const { fault: thrown, out } = await alert(...args);
  if (!thrown) throw new Error(`no fault: ${out}`);
  expect(thrown.fix).toBeTruthy();
  expect(thrown.message).not.toContain('\n');
  expect(out).toBe('');
  return thrown;
}

/** Answers the first requests so, and then as usual. */
function first(count: number, answer: Answer | Misbehaviour, only = (_method: string) => true): void {
  let left = count;
  github.trouble = ({ method }) => {
    if (left === 0 || !only(method)) return null;
    left -= 1;
    return answer;
  };
}

const always = (answer: Answer | Misbehaviour) => first(Number.POSITIVE_INFINITY, answer);
const text = 'the <b>own words</b> of a server';

describe('what GitHub refuses is explained in one line with its remedy', () => {
  test.each([
    [401, 'github_token_refused', /does not accept GITHUB_TOKEN/],
    [403, 'github_forbidden', /may not write issues of acme\/app .*/],
    [404, 'github_not_found', /no repository acme\/app/],
    [410, 'github_issues_disabled', /issues are turned off in acme\/app/],
    [422, 'github_refused', /refuses what would be written/],
    [418, 'github_trouble', /answers with 418/],
  ])('%i', async (status, code, message) => {
    always({ status, body: { message: text, documentation_url: 'https://evil.example' } });
    const thrown = await fault();
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(`${thrown.message}${thrown.fix}`).not.toContain('own words');
    expect(github.heard).toHaveLength(1);
  });

  test('403 names the permission that a workflow needs', async () => {
    always({ status: 403, body: {} });
    expect((await fault()).fix).toContain('permissions: issues: write');
  });

  test('a label that may not be made stops it before an issue is opened that no run would find', async () => {
    github.trouble = ({ path }) => (path.endsWith('/labels') ? { status: 403, body: {} } : null);
    expect((await fault()).code).toBe('github_forbidden');
    expect(github.issues).toEqual([]);
  });

  test('a label that GitHub drops in silence', async () => {
    github.trouble = ({ method, path }) =>
      method === 'POST' && path.endsWith('/issues')
        ? { status: 201, body: { number: 9, state: 'open', labels: [], body: '' } }
        : null;
    expect(await fault()).toMatchObject({ code: 'github_unlabelled', message: expect.stringContaining('#9') });
  });
});

describe('what may pass is tried again', () => {
  test.each([
    ['502', { status: 502, body: text, headers: { 'content-type': 'text/html' } }],
    ['a connection that is cut', 'cut'],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '0' } }],
    ['403 of a limit', { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1' } }],
  ] as const)('%s, twice', async (_, answer) => {
    first(2, answer);
    expect(await alert()).toMatchObject({ fault: null, out: 'opened acme/app#1: 7 missing\n' });
  });

  test('and not for ever', async () => {
    always({ status: 503 });
    expect((await fault()).message).toBe('GitHub answers with 503');
    expect(github.heard).toHaveLength(3);
  });

  test('opening is tried again only where GitHub has turned it away: it could be there twice', async () => {
    first(1, { status: 502 }, (method) => method === 'POST');
    expect((await fault()).code).toBe('github_trouble');
    expect(github.writes()).toHaveLength(1);
    github.reset();
    first(1, { status: 429, headers: { 'retry-after': '0' } }, (method) => method === 'POST');
    expect((await alert()).out).toBe('opened acme/app#1: 7 missing\n');
    expect(github.issues).toHaveLength(1);
  });

  test('a wait that is too long is said, and not waited for', async () => {
    always({ status: 429, headers: { 'retry-after': '3600' } });
    expect((await fault()).message).toBe('GitHub asks to wait for 3600 s (429)');
    expect(github.heard).toHaveLength(1);
  });

  test('nothing listens there', async () => {
    const gone = await gitHubStub();
    await gone.close();
    const env = { ...gitHubEnv(github), GITHUB_API_URL: gone.url };
    const { fault: thrown } = await alertOn(drift(7), env);
    expect(thrown?.message).toBe('the GitHub API cannot be reached (ECONNREFUSED)');
  });
});

describe('a server that is not what it should be', () => {
  test.each([301, 302, 307, 308])('a redirect (%i) is not followed: the token stays here', async (status) => {
    always({ status, headers: { location: `${github.url}/elsewhere` } });
    expect((await fault()).message).toContain(`answers with a redirect (${status})`);
    expect(github.heard.map(({ path }) => path)).not.toContain('/api/v3/elsewhere');
  });

  test('10 MB', async () => {
    always('flood');
    expect((await fault()).message).toBe('the GitHub API answers with more than 8 MB');
  });

  test.each(['stall', 'half'] as const)('one that does not come to its end: %s', async (how) => {
    always(how);
    expect((await fault('--timeout', '200ms')).code).toMatch(/^(alert_timeout|no_answer)$/);
  });

  test.each([
    ['a page of HTML', { body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['what only says that it is JSON', { body: '{' }],
    ['something else', { body: { items: [] } }],
    ['a type that no one can read', { body: [], headers: { 'content-type': ';;;' } }],
  ])('%s', async (_, answer) => {
    always(answer);
    expect(await fault()).toMatchObject({ code: 'github_unreadable', fix: expect.stringContaining('GITHUB_API_URL') });
  });
});

describe('a set-up that is not right is said before anything is sent', () => {
  test.each([
    [{}, /^nobody is set up to be told$/],
    [{ GITHUB_TOKEN: 'x' }, /^GITHUB_TOKEN is set, and no repository$/],
    [{ GITHUB_TOKEN: 'x', GITHUB_REPOSITORY: 'app' }, /^GITHUB_REPOSITORY is not owner\/name$/],
    [{ GITHUB_TOKEN: 'x', GITHUB_REPOSITORY: 'a/..' }, /^GITHUB_REPOSITORY is not owner\/name$/],
    [{ GITHUB_TOKEN: 'two words', GITHUB_REPOSITORY: 'a/b' }, /^GITHUB_TOKEN is no token$/],
    [
      { GITHUB_TOKEN: 'x', GITHUB_REPOSITORY: 'a/b', GITHUB_API_URL: 'http://github.example' },
      /^GITHUB_API_URL does not begin with https/,
    ],
    [
      { GITHUB_TOKEN: 'x', GITHUB_REPOSITORY: 'a/b', GITHUB_API_URL: 'https://u:p@github.example' },
      /^GITHUB_API_URL has a user name/,
    ],
    [{ SLACK_WEBHOOK_URL: 'hooks.slack.com/x' }, /^SLACK_WEBHOOK_URL is not a URL$/],
    [{ SLACK_WEBHOOK_URL: 'http://hooks.slack.example/x' }, /^SLACK_WEBHOOK_URL does not begin with https/],
  ])('%j', async (env, message) => {
    const { fault: thrown } = await alertOn(drift(7), env);
    expect(thrown).toMatchObject({
      message: expect.stringMatching(message),
      fix: expect.any(String),
      verdict: 'failed',
    });
  });

  test('--repository wins over GITHUB_REPOSITORY, and needs the token', async () => {
    const { GITHUB_TOKEN, ...rest } = gitHubEnv(github);
    expect((await alertOn(drift(7), rest, '--repository', 'acme/app')).fault?.message).toBe(
      '--repository needs GITHUB_TOKEN',
    );
    const env = { ...gitHubEnv(github), GITHUB_REPOSITORY: 'other/one' };
    expect((await alertOn(drift(7), env, '--repository', 'acme/app')).out).toBe('opened acme/app#1: 7 missing\n');
  });
});

describe('what is no report is said with its field', () => {
  const { oldest: _, ...rest } = drift(7).drift;

  test.each([
    ['', /^stdin is empty$/],
    ['{', /^stdin is not JSON$/],
    ['[]', /^stdin is no report: the whole file: expected object/],
    ['{"version":1}', /^stdin is no report: tool: expected object/],
    [JSON.stringify({ ...drift(7), drift: rest }), /^stdin is no report: drift\.oldest: expected string/],
    [
      JSON.stringify({ ...drift(7), version: 2 }),
      /^stdin is a report of version 2, and this userdrift reads version 1$/,
    ],
    [JSON.stringify({ ...drift(7), verdict: 'person@example.com' }), /^stdin is no report: verdict: (?!.*person)/],
  ])('%s', async (report, message) => {
    const { fault: thrown, out } = await alertOn(report, gitHubEnv(github));
    expect(thrown?.message).toMatch(message);
    expect(out).toBe('');
    expect(github.heard).toEqual([]);
  });
});
