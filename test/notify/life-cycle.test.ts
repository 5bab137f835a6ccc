import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { markerIn } from '../../src/notify/marker.ts';
import type { Report } from '../../src/report.ts';
import { HOSTILE } from '../render/any-report.ts';
import { alertOn, gitHubEnv } from '../support/alert.ts';
import { type GitHubStub, gitHubStub, REPOSITORY, type StubIssue } from '../support/github.ts';
import { blind, clean, drift, repaired, unrepaired } from '../support/reports.ts';

let github: GitHubStub;
beforeAll(async () => {
  github = await gitHubStub();
});
afterAll(() => github.close());
beforeEach(() => github.reset());

/** Alerts, and returns the line that says what was done. */
async function alert(report: Report, ...args: string[]): Promise<string> {
  const { out, fault } = await alertOn(report, gitHubEnv(github), ...args);
  if (fault) throw fault;
  expect(out.split('\n')).toHaveLength(2);
  return out.trimEnd();
}

function only(): StubIssue {
  expect(github.issues).toHaveLength(1);
  return github.issues[0] as StubIssue;
}

const SCOPED = { full: false, since: '2026-11-16T00:00:00.000Z', shard: null, users: null };

describe('the life of an issue', () => {
  test('in sync, young drift, drift, the same again, worse, a run that failed, clean, drift again', async () => {
    expect(await alert(clean())).toBe('nothing to do: in sync');
    expect(await alert(drift(7, 0.5))).toBe('nothing to do: nobody is missing for longer than --older-than');
    expect(github.writes()).toEqual([]);

    expect(await alert(drift(7))).toBe('opened acme/app#1: 7 missing');
    expect(only()).toMatchObject({ state: 'open', labels: [{ name: 'userdrift' }], comments: [] });
    expect(only().title).toBe('userdrift: public.users (production)');
    expect(only().body).toContain('**7 users are missing from `public.users`, the oldest for 1d.**');

    expect(await alert(drift(8))).toBe('updated acme/app#1: 8 missing');
    expect(only().body).toContain('**8 users are missing');
    expect(only().comments).toEqual([]);

    expect(await alert(drift(200))).toBe('updated acme/app#1: 200 missing; commented (worse)');
    expect(only().comments.at(-1)).toMatch(/^200 users are missing .* the number was 7\.\n\nRun `01JD/);

    expect(await alert(blind('inconclusive', 'sight_lost'))).toBe(
      'updated acme/app#1: the run could not look (sight_lost); commented (blind)',
    );
    expect(only()).toMatchObject({ state: 'open' });
    expect(only().body).toMatch(
      /could not do its job \(`inconclusive`, `sight_lost`\)\.\*\* When a run last saw them, 200 users were/,
    );
    expect(only().body).not.toMatch(/nobody is missing from/i);

    expect(await alert(drift(3, 0.1))).toBe('updated acme/app#1: 3 missing; commented (sighted)');
    expect(await alert(repaired())).toBe('closed acme/app#1: in sync');
    expect(only()).toMatchObject({ state: 'closed', state_reason: 'completed' });
    expect(only().body).toContain('**Nobody is missing from `public.users`.**');
    expect(only().comments.at(-1)).toContain('Nobody is missing from `public.users` any more');

    expect(await alert(clean())).toBe('nothing to do: in sync');
    expect(await alert(drift(5))).toBe('reopened acme/app#1: 5 missing');
    expect(only()).toMatchObject({ state: 'open' });
    expect(only().comments.at(-1)).toMatch(/^Again: 5 users are missing/);
  });

  test('the same report twice writes once', async () => {
    const report = drift(7);
    await alert(report);
    const writes = github.writes();
    expect(await alert(report)).toBe('nothing to do: the issue knows this report, or a later one');
    expect(github.writes()).toEqual(writes);
  });

  test('a clean run over a part of the users closes nothing; a busy and an interrupted one change nothing', async () => {
    await alert(drift(7));
    const before = structuredClone(github.issues);
    expect(await alert(clean({ scope: SCOPED }))).toBe(
      'nothing to do: only a run over all users changes the open issue',
    );
    expect(await alert(blind('busy', 'busy'))).toBe('nothing to do: another run was writing');
    expect(await alert(blind('interrupted', 'interrupted'))).toBe('nothing to do: the run was interrupted');
    expect(github.issues).toEqual(before);
  });

  test('who is still missing after a repair: those who failed, by constraint', async () => {
    expect(await alert(unrepaired())).toBe('opened acme/app#1: 4 missing');
    expect(only().body).toContain('| `23505` | another row already has this value | `users_email_key` | 2 |');
    expect(only().body).toContain('| still missing | 4 |');
    expect(only().body).toContain('Next: `userdrift sync --user 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10`');
  });

  test('no id with --no-ids, and no more than ten without', async () => {
    const sample = Array.from({ length: 30 }, (_, index) => `0b9f3f1e-6a0d-4b52-9a57-0000000000${index + 10}`);
    const ids = () => new Set(only().body.match(/0b9f3f1e-[-0-9a-f]{27}/g));
    await alert(drift(30, 24, { sample }), '--no-ids');
    expect(ids().size).toBe(0);
    await alert(drift(30, 24, { sample }));
    expect(ids().size).toBe(10);
  });

  test('host and user of the database are in none of it, nor are they in the reason of a failure', async () => {
    const database = {
      host: 'db.secretproject.supabase.co',
      name: 'postgres',
      user: 'postgres.secretproject',
      serverVersion: '17',
    };
    const message = 'the database at db.secretproject.supabase.co closed on postgres.secretproject';
    const reason = { code: 'read_only', message, fix: 'ask db.secretproject.supabase.co' };
    await alert(blind('failed', 'read_only', { database, reason }));
    await alert(drift(3, 24, { database }));
    const unopened = { host: null, name: null, user: null, serverVersion: null };
    const refused = {
      code: 'wrong_password',
      message: 'wrong password: postgres.secretproject at 203.0.113.7',
      fix: null,
    };
    await alert(blind('failed', 'wrong_password', { database: unopened, reason: refused }));
    const heard = github.heard.map(({ body }) => body).join();
    expect(heard).toContain('wrong_password');
    expect(heard).not.toMatch(/secretproject|203\.0\.113/);
  });
});

describe('people', () => {
  test('an issue that somebody closed is opened again while users are missing, and says why', async () => {
    await alert(drift(7));
    github.person(1, { state: 'closed', state_reason: 'completed' });
    expect(await alert(drift(7, 0.5))).toMatch(/^nothing to do/);
    expect(await alert(drift(7))).toBe('reopened acme/app#1: 7 missing');
    expect(only().comments.at(-1)).toMatch(/^Opened again, because closing it has not ended it: 7 users/);
  });

  test('one that was closed as not planned is mute until a run is clean', async () => {
    await alert(drift(7));
    github.person(1, { state: 'closed', state_reason: 'not_planned' });
    expect(await alert(drift(70))).toBe('nothing to do: closed as not planned, which mutes it until a run is clean');
    expect(await alert(clean())).toBe('updated acme/app#1: in sync, so the mute ends');
    expect(only()).toMatchObject({ state: 'closed', comments: [] });
    expect(await alert(drift(7))).toBe('reopened acme/app#1: 7 missing');
  });

  test('what they write around the marker does not hide it', async () => {
    await alert(drift(7));
    github.person(1, { body: `We know.\r\n\r\n${only().body.replaceAll('\n', '\r\n')}`, title: 'Ours' });
    expect(await alert(drift(8))).toBe('updated acme/app#1: 8 missing');
    expect(only().title).toBe('Ours');
  });
});

describe('one issue for each target and environment', () => {
  test('two environments and two targets, side by side', async () => {
    await alert(drift(1), '--environment', 'staging');
    await alert(drift(2));
    await alert(drift(3, 24, { target: 'public.profiles' }));
    expect(github.issues.map(({ title }) => title)).toEqual([
      'userdrift: public.users (staging)',
      'userdrift: public.users (production)',
      'userdrift: public.profiles (production)',
    ]);
    expect(await alert(clean(), '--environment', 'staging')).toBe('closed acme/app#1: in sync');
    expect(await alert(clean({ target: 'public.profiles' }))).toBe('closed acme/app#3: in sync');
    expect(github.issues.map(({ state }) => state)).toEqual(['closed', 'open', 'closed']);
  });

  test('a run that did not get as far as its target belongs to the issue of its environment', async () => {
    const nameless = () => blind('failed', 'wrong_password', { target: '' });
    expect(await alert(nameless())).toBe('opened acme/app#1: the run could not look (wrong_password)');
    expect(only().title).toBe('userdrift: (production)');
    await alert(drift(2));
    expect(only().title).toBe('userdrift: public.users (production)');
    await alert(nameless());
    expect(markerIn(only().body)?.target).toBe('public.users');
    expect(await alert(clean())).toBe('closed acme/app#1: in sync');
  });

  test('of two that a race has opened the older one is kept, and both say so', async () => {
    await alert(drift(7));
    github.issues.push({ ...structuredClone(only()), number: 2 });
    expect(await alert(drift(8))).toBe('updated acme/app#1: 8 missing; closed #2, which is about the same');
    expect(github.issues[1]).toMatchObject({ state: 'closed', state_reason: 'not_planned' });
    expect(github.issues[1]?.comments).toEqual(['#1 is about the same and older: this one is closed.\n']);
  });

  test('it is found behind a hundred others; pull requests and strangers are left alone', async () => {
    await alert(drift(7));
    const mine = github.issues.pop() as StubIssue;
    const other = { ...mine, body: 'no marker', comments: [] };
    for (let number = 1; number <= 230; number += 1) github.issues.push({ ...other, number });
    github.issues.push({ ...mine, number: 231, pull_request: {} });
    github.issues.push({ ...mine, number: 232, labels: [] });
    github.issues.push({ ...mine, number: 233 });
    expect(await alert(drift(8))).toBe('updated acme/app#233: 8 missing');
    expect(github.heard.filter(({ method }) => method === 'GET').map(({ query }) => query.get('page'))).toEqual([
      '1',
      '1',
      '2',
      '3',
    ]);
  });
});

describe('names that somebody chose to break it', () => {
  const NAMES = [
    ...HOSTILE,
    'a-->b',
    '--!>',
    '<!--',
    '<script>alert(1)</script>',
    '@everyone',
    'x`y``z',
    '| a | b |',
    '](javascript:1)',
    '"}',
    '\\',
  ];

  test.each(NAMES)('%j', async (name) => {
    const report = unrepaired({
      target: name || 'x',
      causes: [{ code: 'x', message: name, fix: name }],
      failures: [{ id: null, op: 'insert', code: '23505', constraint: name, column: name }],
    });
    await alert(report, '--environment', `e${name}`.slice(0, 60));
    const { body, title } = only();
    const [marker = '', ...rest] = body.split('\n');
    expect(marker).toMatch(/^<!-- userdrift: \{[^<>]*\} -->$/);
    expect(marker.slice(4, -3)).not.toContain('--');
    expect(markerIn(body)).toMatchObject({ target: report.target });
    const text = rest
      .join('\n')
      .replace(/(`+)(?!`).*?[^`]\1(?!`)/g, '')
      .replaceAll('<sub>', '')
      .replaceAll('</sub>', '');
    expect(text).not.toMatch(/<|@(?!\u200b)|(?<!\\)\]\(|javascript:\w/);
    expect(title).not.toMatch(/[\n\r\u001b\u202e]/);
    await alert(clean({ target: report.target }), '--environment', `e${name}`.slice(0, 60));
    expect(only().state).toBe('closed');
  });
});

describe('what it prints', () => {
  test('--json: one document', async () => {
    const { out } = await alertOn(drift(7), gitHubEnv(github), '--json');
    expect(JSON.parse(out)).toEqual({
      action: 'open',
      why: '7 missing',
      change: 'opened',
      issue: { repository: REPOSITORY, number: 1 },
      closedTwins: [],
      slack: false,
      dryRun: null,
    });
  });

  test('--dry-run: what would be written, and nothing is', async () => {
    const { out } = await alertOn(drift(7), gitHubEnv(github), '--dry-run');
    expect(out).toMatch(
      /^would open an issue in acme\/app: 7 missing\n\nuserdrift: public\.users \(production\)\n\n<!-- userdrift: /,
    );
    expect(github.writes()).toEqual([]);
    const { out: json } = await alertOn(drift(7), gitHubEnv(github), '--dry-run', '--json');
    expect(JSON.parse(json).dryRun).toMatchObject({ title: 'userdrift: public.users (production)', comment: null });
    await alert(drift(7));
    const { out: again } = await alertOn(drift(70), gitHubEnv(github), '--dry-run');
    expect(again).toMatch(/^would update acme\/app#1: 70 missing; would comment \(worse\)\n/);
    expect(only().comments).toEqual([]);
  });

  test('--dry-run with nobody set up: as if there were no issue yet', async () => {
    const { out, fault } = await alertOn(drift(7), {}, '--dry-run');
    expect(fault).toBeNull();
    expect(out).toMatch(/^would open an issue or post to Slack: 7 missing \(GitHub was not asked/);
  });
});
