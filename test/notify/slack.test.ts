import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report.ts';
import { alertOn, gitHubEnv } from '../support/alert.ts';
import { type GitHubStub, gitHubStub } from '../support/github.ts';
import { type Answer, type HttpStub, type Misbehaviour, serve } from '../support/http-stub.ts';
import { blind, clean, drift, unrepaired } from '../support/reports.ts';

let github: GitHubStub;
let slack: HttpStub;
let answer: Answer | Misbehaviour;
beforeAll(async () => {
  github = await gitHubStub();
  slack = await serve(() => answer);
});
afterAll(async () => {
  await github.close();
  await slack.close();
});
beforeEach(() => {
  github.reset();
  slack.heard.length = 0;
  answer = { body: 'ok' };
});

const alone = () => ({ SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/sEcReT` });
const both = () => ({ ...alone(), ...gitHubEnv(github) });
const alert = (report: Report, env: Record<string, string>, ...args: string[]) => alertOn(report, env, ...args);
const posted = (): string[] => slack.heard.map(({ body }) => JSON.parse(body).text);

describe('Slack alone has no memory', () => {
  test('each run with lasting trouble is posted, and nothing else is', async () => {
    expect((await alert(drift(7), alone())).out).toBe('posted to Slack: 7 missing\n');
    expect((await alert(drift(7), alone())).out).toBe('posted to Slack: 7 missing\n');
    expect((await alert(blind('inconclusive', 'sight_lost'), alone())).out).toMatch(
      /^posted to Slack: the run could not look/,
    );
    for (const report of [clean(), drift(7, 0.1), blind('busy', 'busy'), blind('failed', 'connection_refused')]) {
      expect((await alert(report, alone())).out).toMatch(/^nothing to do: /);
    }
    expect(posted()).toEqual([
      '*userdrift (production)*: 7 users are missing from `public.users`, the oldest for 1d.\nNext: `userdrift sync --dry-run`',
      expect.stringContaining('7 users'),
      expect.stringMatching(/could not do its job \(`inconclusive`, `sight_lost`\)\.\nNext: `userdrift doctor`$/),
    ]);
  });

  test('no id, no mention, no markup of a name', async () => {
    const target = '<!channel> @here `x` & <https://evil.example|click>';
    await alert(unrepaired({ target }), alone(), '--environment', '<!here>@all');
    expect(posted()[0]).not.toMatch(/<|@(?!\u200b)|[0-9a-f]{8}-[0-9a-f]{4}/);
    expect(posted()[0]).toContain("`&lt;!channel&gt; @\u200bhere 'x' &amp; ");
  });

  test('--dry-run posts nothing', async () => {
    expect((await alert(drift(7), alone(), '--dry-run')).out).toContain(
      '*userdrift (production)*: 7 users are missing',
    );
    expect(slack.heard).toEqual([]);
  });
});

describe('with an issue as its memory', () => {
  test('it hears of changes: opened, worse, blind, closed, again', async () => {
    expect((await alert(drift(7), both())).out).toBe('opened acme/app#1: 7 missing; posted to Slack\n');
    const reports = [drift(7), drift(8), drift(20), blind('refused', 'empty_source'), clean(), clean(), drift(1)];
    for (const report of reports) await alert(report, both());
    expect(posted().map((text) => text.split('\n')[0])).toEqual([
      expect.stringContaining('7 users are missing'),
      expect.stringContaining('20 users are missing'),
      expect.stringContaining('`empty_source`'),
      '*userdrift (production)*: nobody is missing from `public.users` any more.',
      expect.stringContaining('1 user is missing'),
    ]);
    expect(posted()[0]).toMatch(/\nIssue: acme\/app#1$/);
  });

  test('GitHub being down does not keep the news from Slack, and is said', async () => {
    github.trouble = () => ({ status: 401 });
    const { out, fault } = await alert(drift(7), both());
    expect(out).toBe('posted to Slack: 7 missing\n');
    expect(fault?.code).toBe('github_token_refused');
    const calm = await alert(drift(7, 0.1), both());
    expect(calm).toMatchObject({ out: '', fault: { code: 'github_token_refused' } });
  });

  test('Slack being down does not keep the news from GitHub, and is said', async () => {
    answer = { status: 404, body: 'no_team' };
    const { out, fault } = await alert(drift(7), both());
    expect(out).toBe('opened acme/app#1: 7 missing\n');
    expect(fault).toMatchObject({
      code: 'slack_refused',
      message: 'the Slack webhook does not take the message (404)',
    });
    const { out: json } = await alert(drift(70), both(), '--json');
    expect(JSON.parse(json)).toMatchObject({ action: 'edit', slack: false });
  });
});

describe('a webhook that is not what it should be', () => {
  test.each([
    ['redirects', { status: 302, headers: { location: 'https://evil.example' } }, 'redirected'],
    ['stalls', 'stall', 'no_answer'],
    ['cuts the connection', 'cut', 'unreachable'],
    ['floods', 'flood', 'answer_too_large'],
    ['is full', { status: 500 }, 'slack_refused'],
  ] as const)('%s', async (_, how, code) => {
    answer = how;
    const { fault } = await alert(drift(7), alone(), '--timeout', '300ms');
    expect([code, 'alert_timeout']).toContain(fault?.code);
    expect(slack.heard).toHaveLength(1);
  });
});
