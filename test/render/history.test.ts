import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pastOf } from '../../src/history/past.ts';
import type { PastRun } from '../../src/past-run.ts';
import { renderHistory } from '../../src/render/history/history.ts';
import type { Look } from '../../src/render/look.ts';
import { columns } from '../../src/render/wrap.ts';
import { anyRun, GOOD_RUN } from '../history/any-run.ts';
import { hostileName, plainName } from './any-report.ts';

const PLAIN: Look = { color: false, unicode: true, width: 100 };
const NOW = '2026-11-16T08:04:01.000Z';
const HIDDEN = /(?!\n)\p{C}|[\p{Zl}\p{Zp}]/u;

function shown(runs: readonly PastRun[], { look = PLAIN, rows = 20, target = 'public.users' as string | null } = {}) {
  const view = { past: pastOf(runs, target), place: 'postgres@localhost', rows, now: NOW, durationMs: 100 };
  return renderHistory(view, look);
}

/** Runs five minutes apart, the last of them at eight. */
function series(missing: readonly number[]): PastRun[] {
  return missing.map((count, index) => ({
    ...GOOD_RUN,
    startedAt: new Date(Date.parse(GOOD_RUN.startedAt) - (missing.length - 1 - index) * 300_000).toISOString(),
    verdict: count > 0 ? ('repaired' as const) : ('in_sync' as const),
    missing: count,
    inserted: count,
  }));
}

const verdictLine = (text: string) => text.split('\n').find((line) => /^[✓✗!] /.test(line));

describe('the verdict of the past', () => {
  it.for<[string, PastRun[]]>([
    ['! NOTHING YET  no run of public.users is recorded; each check, sync and backfill will be', []],
    ['✓ IN SYNC  nobody is missing from public.users, last proved 4m ago', [GOOD_RUN]],
    [
      '! IN SYNC  20 users missing from public.users (within --max-drift), counted 4m 1s ago',
      [{ ...GOOD_RUN, missing: 20, residual: 20 }],
    ],
    [
      '! LONG AGO  no run has proved anything about public.users for 3d',
      [{ ...GOOD_RUN, startedAt: '2026-11-13T08:04:00.000Z' }],
    ],
    [
      '! IN SYNC  3 users missing from public.users (within --max-drift), counted 4m 1s ago',
      [{ ...GOOD_RUN, missing: 3, residual: null }],
    ],
    [
      '! REPAIRED  1 user missing from public.users (within --max-drift), counted 4m 1s ago',
      [{ ...GOOD_RUN, verdict: 'repaired', missing: 4, inserted: 3, residual: 1 }],
    ],
    [
      '✗ DRIFT  214 users missing from public.users, 4m ago; last success 4m ago',
      [
        GOOD_RUN,
        {
          ...GOOD_RUN,
          startedAt: '2026-11-16T08:00:00.001Z',
          verdict: 'drift',
          exitCode: 2,
          missing: 214,
          residual: 214,
        },
      ],
    ],
    [
      '✗ FAILED  public.users (connection_refused), 4m 1s ago; no run here has proved it',
      [{ ...GOOD_RUN, verdict: 'failed', exitCode: 1, reason: 'connection_refused', missing: null, residual: null }],
    ],
    [
      '✗ REPAIRED  public.users, 4m 1s ago; no run here has proved it',
      [{ ...GOOD_RUN, verdict: 'repaired', exitCode: 2, missing: 3 }],
    ],
    [
      '! INTERRUPTED  9 users were missing from public.users, 4m 1s ago; no run here has proved it',
      [{ ...GOOD_RUN, verdict: 'interrupted', exitCode: 130, reason: 'interrupted', missing: 9, residual: null }],
    ],
    [
      '✗ DRIFT  1 user missing from public.users, 4m 1s ago; no run here has proved it',
      [{ ...GOOD_RUN, verdict: 'drift', exitCode: 2, dryRun: true, missing: 1, residual: 1 }],
    ],
    ['! NOTHING PROVED  public.users: no run was about all users', [{ ...GOOD_RUN, full: false, shard: '1/4' }]],
  ])('%s', ([expected, runs]) => expect(verdictLine(shown(runs))).toBe(expected));

  it('is not shaken by runs that say nothing', () => {
    const later = (change: Partial<PastRun>) => ({ ...GOOD_RUN, startedAt: '2026-11-16T08:03:00.000Z', ...change });
    for (const change of [
      { verdict: 'busy' as const, exitCode: 3 },
      { verdict: 'interrupted' as const, exitCode: 130 },
      { verdict: 'failed' as const, exitCode: 1, full: false, namedUsers: 1 },
      { verdict: 'in_sync' as const, exitCode: 0, dryRun: true },
      { verdict: 'drift' as const, exitCode: 2, missing: 5, full: false, shard: '1/4' },
    ]) {
      expect(verdictLine(shown([GOOD_RUN, later(change)]))).toMatch(/^✓ IN SYNC .* last proved 4m ago$/);
    }
  });

  it('is told of each target', () => {
    const other = { ...GOOD_RUN, target: 'public.profiles', verdict: 'failed' as const, exitCode: 1 };
    const text = shown([GOOD_RUN, other], { target: null });
    expect(text).toContain('✗ FAILED  public.profiles');
    expect(text).toContain('✓ IN SYNC  nobody is missing from public.users');
    expect(text).toMatch(/Time \(UTC\) +Target +Command/);
    expect(text).toContain('public.profiles: none among these runs');
  });
});

describe('the plot', () => {
  const plotted = (text: string) => text.split('\n').filter((line) => /[┤|]/.test(line));

  it('has its scale and its peak', () => {
    const lines = plotted(shown(series([0, 0, 0, 1204, 0, 0])));
    expect(lines[0]).toMatch(/^ {2}1,204 ┤ +┏━+┓$/);
    expect(lines.at(-1)).toMatch(/^ {6}0 ┤━+┛ +┗━*$/);
  });

  it('has zero at its foot, also where somebody was missing all the time', () => {
    const lines = plotted(shown(series([135, 100, 120, 130])));
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/━/);
    expect(lines.at(-1)).toBe('    0 ┤');
    expect(plotted(shown(series([7, 7, 7, 7])))).toHaveLength(6);
  });

  it('is plain without UTF-8', () => {
    const text = shown(series([0, 9, 0, 4, 0]), { look: { ...PLAIN, unicode: false } });
    expect(text).toMatch(/^[\x20-\x7e\n]+$/);
    expect(plotted(text)[0]).toContain('9 |');
  });

  it('is left out where it would show nothing', () => {
    for (const missing of [[], [5], [5, 0, 5], [0, 0, 0, 0, 0, 0]]) expect(plotted(shown(series(missing)))).toEqual([]);
  });
});

describe('the table', () => {
  it('lists as many runs as asked for, the newest first, and says what is left', () => {
    const text = shown(series([1, 2, 3, 4, 5]), { rows: 2 });
    const rows = text.split('\n').filter((line) => /^ {2}2026-/.test(line));
    expect(rows.map((line) => line.split(/ {2,}/).slice(1, 5))).toEqual([
      ['2026-11-16 08:00', 'sync', 'repaired', '5'],
      ['2026-11-16 07:55', 'sync', 'repaired', '4'],
    ]);
    expect(text).toContain('and 3 before');
  });

  it('says what was less than a run over all users', () => {
    const part = { full: false, namedUsers: 2 };
    expect(shown([{ ...GOOD_RUN, ...part, dryRun: true }])).toContain('sync --dry-run --user');
    expect(shown([{ ...GOOD_RUN, full: false, shard: '2/4' }])).toContain('sync --shard 2/4');
  });

  it('gives up columns where there is no room, and never time, verdict and number', () => {
    const heads = (width: number) => {
      const text = shown(series([1, 2]), { look: { ...PLAIN, width } });
      return text.split('\n').find((line) => line.includes('Time (UTC)'));
    };
    expect(heads(100)).toMatch(/Time.*Command.*Verdict.*Missing.*Inserted.*Failed.*Left.*Took/);
    expect(heads(40)?.split(/ {2,}/).filter(Boolean)).toEqual(['Time (UTC)', 'Verdict', 'Missing', 'Left']);
  });
});

it('fits the width, whatever the runs were', () => {
  fc.assert(
    fc.property(
      fc.array(anyRun(plainName), { maxLength: 30 }),
      fc.integer({ min: 40, max: 140 }),
      fc.boolean(),
      (runs, width, unicode) => {
        const text = shown(runs, { look: { color: false, unicode, width }, target: null });
        for (const line of text.split('\n')) expect(columns(line), line).toBeLessThanOrEqual(width);
      },
    ),
    { numRuns: 60 },
  );
});

it('shows no character that a terminal or a log would obey', () => {
  fc.assert(
    fc.property(fc.array(anyRun(hostileName), { maxLength: 10 }), fc.boolean(), (runs, unicode) => {
      const text = shown(runs, { look: { ...PLAIN, unicode }, target: null });
      expect(text).not.toMatch(HIDDEN);
      expect(text).not.toMatch(/^\s*::|##(?=\w*\[)/m);
      if (!unicode) expect(text).toMatch(/^[\x20-\x7e\n]*$/);
    }),
    { numRuns: 60 },
  );
});

it('is coloured only where the reader has colour', () => {
  const text = shown(series([0, 5, 0, 5]), { look: { ...PLAIN, color: true } });
  expect(text).toContain('\u001b[');
  expect(shown(series([0, 5, 0, 5]))).not.toContain('\u001b');
});
