import { describe, expect, test } from 'vitest';
import { found, lost, runsEvery } from '../../scripts/sample-runs.ts';
import { STYLE } from '../../src/render/page/style.ts';
import type { Trouble } from '../../src/status.ts';
import { blindReport, ID, repairedReport, sampleReport, unrepairedReport } from './sample-report.ts';
import { line, NOW, page } from './status-view.ts';

/** What a reader sees, on one line. */
function seen(document: string): string {
  const text = document.replace(STYLE, '').replace(/<[^>]*>/g, ' ');
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ');
}

describe('the page', () => {
  test('before the first run', () => {
    const text = seen(
      page([line()], {
        status: { startedAt: '2026-11-16T12:09:55.000Z', lines: [line()], runs: [] },
        health: {
          healthy: true,
          lastGoodAt: null,
          ageSeconds: 5,
          maxAgeSeconds: 900,
          why: 'no good run yet since the start',
        },
      }),
    );
    expect(text).toContain('waiting no good run yet since the start (limit 15m)');
    expect(text).toContain('… Waiting for the first run it begins in 2m');
    expect(text).toContain('in 2m 12:12 UTC userdrift sync --quiet 2-59/5 * * * * UTC not run yet');
  });

  test('after a repair', () => {
    const text = seen(page([line({ report: repairedReport() }, { lastGoodAt: '2026-11-16T12:07:03.000Z' })]));
    expect(text).toContain('healthy the last good run is recent (2m 57s ago, limit 15m)');
    expect(text).toContain('✓ All expected users are in public.users proved 9 minutes ago by sync');
    expect(text).toContain('214 were missing, 211 inserted');
    expect(text).toContain('2026-11-16 12:00 sync repaired 214 211 0 0 3.4s');
    expect(text).toContain('REPAIRED 211 missing users inserted into public.users');
    expect(text).toContain('2-59/5 * * * * UTC 2m 57s ago');
    expect(text).toContain('began 3m ago: repaired, exit 0');
  });

  test('with drift: counts, breakdown, cause and fix', () => {
    const drift = {
      ...sampleReport().drift,
      missingByTime: { unit: 'day' as const, counts: [{ start: '2026-11-15', missing: 214 }], unknown: 0 },
    };
    const fix = 'alter table auth.users enable trigger on_auth_user_created;';
    const causes = [
      { code: 'trigger_disabled', message: 'trigger on_auth_user_created on auth.users is disabled', fix },
    ];
    const document = page([line({ report: sampleReport({ drift, causes }), exitCode: 2 })], {
      health: {
        healthy: false,
        lastGoodAt: null,
        ageSeconds: 1e4,
        maxAgeSeconds: 900,
        why: 'no good run since the start',
      },
    });
    expect(seen(document)).toContain('unhealthy');
    expect(seen(document)).toContain('DRIFT 214 users are missing from public.users');
    expect(seen(document)).toMatch(/missing 214 oldest 8d 4h, newest 3h/);
    expect(seen(document)).toContain(`Likely cause trigger on_auth_user_created on auth.users is disabled ${fix}`);
    expect(document).toContain('<title>✗ 214 users are missing from public.users – userdrift</title>');
    expect(seen(document)).toContain('✗ 214 users are missing from public.users counted 9 minutes ago by check');
    expect(document).toContain(`<pre>2026-11-15    214  ▇`);
  });

  test('with failures by constraint', () => {
    expect(seen(page([line({ report: unrepairedReport(), exitCode: 2 })]))).toContain(
      'The database refused 3 users sync of 2026-11-16 12:00 UTC Users Code Constraint Column 2 23505 another row already has this value users_email_key 1 23502 a required column got no value display_name',
    );
  });

  test('with more failures than the report lists: the rest, so that the rows add up', () => {
    const report = unrepairedReport({ failuresTotal: 1003 });
    const text = seen(page([line({ report, exitCode: 2 })]));
    expect(text).toContain('The database refused 1,003 users');
    expect(text).toContain('display_name 1,000 others');
  });

  test('with a cause that several lines found: once', () => {
    const causes = [{ code: 'trigger_disabled', message: 'a trigger is disabled', fix: null }];
    const text = seen(
      page([line({ report: sampleReport({ causes }) }), line({ report: unrepairedReport({ causes }) })]),
    );
    expect(text.split('a trigger is disabled')).toHaveLength(2);
  });

  test('after runs that left no report: the last of them beside the answer', () => {
    const late = { trouble: 'killed' as const, startedAt: '2026-11-16T12:08:00.000Z' };
    const text = seen(page([line({ report: repairedReport() }), line(late), line({ trouble: 'garbled' })]));
    expect(text).toMatch(/✓ All expected users .* the last run \(sync, 2 minutes ago\): it was killed/);
    const told = {
      trouble: 'overdue' as const,
      report: repairedReport({ verdict: 'interrupted', exitCode: 143 }),
      exitCode: 143,
    };
    expect(seen(page([line(told)]))).not.toMatch(/ago\): its time was up/);
  });

  test('while a line runs, and where the next run is on another day', () => {
    const running = line(null, { runningSince: '2026-11-16T12:09:48.000Z' });
    expect(seen(page([running]))).toContain('running for 12s userdrift sync --quiet');
    expect(seen(page([line()], { next: () => '2026-11-18T06:05:00.000Z' }))).toContain('in 1d 17h 11-18 06:05 UTC');
    expect(seen(page([line()], { next: () => null }))).toContain('never userdrift sync --quiet');
  });

  test.each<[Trouble, RegExp]>([
    ['no_report', /FAILED it ended without a report; the log has its last words \(exit 1\)/],
    ['garbled', /FAILED what it printed is no report/],
    ['killed', /FAILED it was killed/],
    ['overdue', /FAILED its time was up/],
    ['not_started', /FAILED no process could be started/],
  ])('after a run that ended as %s', (trouble, text) => {
    expect(seen(page([line({ trouble, exitCode: 1 })]))).toMatch(text);
  });

  test('of a run that was killed: the signal', () => {
    expect(seen(page([line({ trouble: 'killed', exitCode: null, signal: 'SIGKILL' })]))).toContain('(SIGKILL)');
  });

  test('of an alert: its exit code', () => {
    expect(seen(page([line({ command: 'alert' })]))).toContain('DONE exit 0');
    expect(seen(page([line({ command: 'alert', exitCode: 1 })]))).toContain('FAILED exit 1');
  });

  test('of doctor: problems with their fixes', () => {
    const finding = {
      about: 'key' as const,
      level: 'problem' as const,
      code: 'key_not_unique',
      fact: 'id has no unique index',
      fix: 'create unique index …',
    };
    const examination = {
      version: 1 as const,
      tool: { version: '0.1.0' },
      exitCode: 1 as const,
      database: { host: null, name: null, user: null, serverVersion: null },
      source: 'auth.users',
      target: 'public.users',
      key: 'id',
      durationMs: 5,
      counts: { ok: 3, warning: 0, problem: 1 },
      findings: [finding],
    };
    expect(seen(page([line({ command: 'doctor', exitCode: 1, examination })]))).toContain(
      'PROBLEMS 1 problem, 0 warnings key id has no unique index create unique index …',
    );
  });

  test('of several targets: a block for each, the worst of them in the title, and what has none at the end', () => {
    const crew = sampleReport({ target: 'public.crew', runId: '01JD4Q8ZK3T5W7X9Y1A2B3C4D6' });
    const lines = [
      line({ report: repairedReport() }),
      line({ report: crew }),
      line(null, { shown: 'alert report.json' }),
    ];
    const document = page(lines);
    expect(document).toContain('<title>✗ 1 of 2 targets – userdrift</title>');
    const [head = '', users = '', team = '', ...more] = document.split('<section class="hero"');
    expect(more).toEqual([]);
    const answers = [...head.matchAll(/<a class="answer (\w+)" href="#([\w-]+)">(.*?)<\/a>/g)];
    expect(answers.map(([, tone, , text = '']) => [tone, seen(text).trim()])).toEqual([
      ['good', '✓ All expected users are in public.users'],
      ['bad', '✗ 214 users are missing from public.crew'],
    ]);
    for (const [, , id] of answers) expect(document.split(`<section class="hero" id="${id}">`)).toHaveLength(2);
    expect(seen(users)).toContain('✓ All expected users are in public.users');
    expect(users).not.toContain('public.crew');
    expect(seen(team)).toContain('✗ 214 users are missing from public.crew');
    expect(team).not.toMatch(/public\.users/);
    expect(seen(team)).toMatch(/userdrift alert report\.json .* not run yet/);
    const ids = [...document.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('of several targets that are well says so in the title, and not while one is waited for', () => {
    const crew = repairedReport({ target: 'public.crew', runId: '01JD4Q8ZK3T5W7X9Y1A2B3C4D6' });
    const users = line({ report: repairedReport() });
    expect(page([users, line({ report: crew })])).toContain('<title>✓ 2 targets – userdrift</title>');
    const blind = blindReport({ target: 'public.crew', verdict: 'failed', exitCode: 1 });
    const status = { startedAt: '2026-11-16T12:09:00.000Z', lines: [users, line({ report: blind })], runs: [] };
    expect(page([], { status })).toContain('<title>2 targets – userdrift</title>');
  });

  test('lists the last twenty runs, the newest first, and says how many there are before them', () => {
    const runs = runsEvery(5, 30, (index) => (index === 29 ? lost('failed', 'connection_refused') : found(index)));
    const text = seen(page([line()], { status: { startedAt: NOW, lines: [line()], runs } }));
    expect(text).toMatch(
      /Took 2026-11-03 02:27 sync failed connection_refused – 0 0 – 0\.6s 2026-11-03 02:22 sync repaired 28 28 0 0/,
    );
    expect(text).toContain('2026-11-03 00:52 sync repaired 10 10 0 0 0.6s and 10 before them');
    expect(text).not.toContain('00:47 sync repaired');
  });

  test('shows one id of the sample, and none of a report without ids', () => {
    expect(page([line({ report: sampleReport({ sample: [ID, '7c1de2a4-93b5-4f0e-8a66-1f2e3d4c5b6a'] }) })])).toContain(
      ID,
    );
    const without = sampleReport({ sample: [], failures: [] });
    expect(page([line({ report: without })])).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-/);
  });

  test('comes again by itself, and asks for nothing else', () => {
    const document = page([line({ report: sampleReport() })]);
    expect(document).toContain('<meta http-equiv="refresh" content="30">');
    expect(document).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|url\(|@import|https?:/i);
  });
});
