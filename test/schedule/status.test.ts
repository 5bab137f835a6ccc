import { describe, expect, test } from 'vitest';
import { begun, ended, freshStatus } from '../../src/schedule/fold.ts';
import { defaultMaxAgeMs, healthOf, maxAgeOfSomeMs } from '../../src/schedule/health.ts';
import type { Outcome } from '../../src/status.ts';
import { blindReport, repairedReport, sampleReport, unrepairedReport } from '../render/sample-report.ts';
import { linesOf, outcome } from './outcomes.ts';

const START = '2026-11-16T11:00:00.000Z';
const NOON = Date.parse('2026-11-16T12:00:00.000Z');
const fresh = freshStatus(linesOf('2-59/5 * * * * userdrift sync\n17 * * * * userdrift check\n'), START);
const having = (...outcomes: Outcome[]) => outcomes.reduce(ended, fresh);
const good = outcome({ report: repairedReport() });
const busy = blindReport({ command: 'sync', verdict: 'busy', exitCode: 0 });

describe('the status', () => {
  test('is empty before the first run', () => {
    expect(fresh.lines.map(({ number, command, last }) => [number, command, last])).toEqual([
      [1, 'sync', null],
      [2, 'check', null],
    ]);
  });

  test('says what is running, of its own line only', () => {
    const running = begun(fresh, 2, START);
    expect(running.lines.map(({ runningSince }) => runningSince)).toEqual([null, START]);
    expect(ended(running, outcome({ line: 2 })).lines[1]).toMatchObject({ runningSince: null, last: { line: 2 } });
  });

  test('keeps when a run was good, through all that is not', () => {
    const { lines } = having(
      good,
      outcome({ report: unrepairedReport() }),
      outcome({ exitCode: null, signal: 'SIGKILL', trouble: 'killed' }),
    );
    expect(lines[0]).toMatchObject({
      lastGoodAt: '2026-11-16T12:00:01.000Z',
      target: 'public.users',
      last: { trouble: 'killed' },
    });
  });

  test.each<[string, Outcome]>([
    ['a busy one, also with exit 0', outcome({ report: busy })],
    ['one whose report could not be kept', { ...good, exitCode: 1 }],
    ['one that left users missing', outcome({ report: unrepairedReport() })],
    ['one that found drift', outcome({ report: sampleReport() })],
    [
      'one about a single user',
      outcome({ report: repairedReport({ scope: { full: false, since: null, shard: null, users: [] } }) }),
    ],
    ['one without a report', outcome()],
  ])('no good run: %s', (_, bad) => {
    expect(having(bad).lines[0]?.lastGoodAt).toBeNull();
  });

  test('shows the words of a line, but for URLs', () => {
    const [line] = freshStatus(
      linesOf(
        `* * * * * userdrift sync --ping-url=https://hc.example/s3cret --x https://a:s3cret@b.example --target public.users`,
      ),
      START,
    ).lines;
    expect(line?.shown).toBe('sync --ping-url=*** --x *** --target public.users');
  });
});

describe('health', () => {
  const health = (status = fresh, minutes = 0) => healthOf(status, 15 * 60_000, NOON + minutes * 60_000);

  test('counts from the start before the first good run', () => {
    expect(healthOf(fresh, 3_600_001, NOON)).toMatchObject({ healthy: true, lastGoodAt: null, ageSeconds: 3600 });
    expect(healthOf(fresh, 3_600_000, NOON)).toMatchObject({ healthy: false, why: 'no good run since the start' });
  });

  test('is good while the last good run is young, and not a moment longer', () => {
    expect(health(having(good), 14)).toMatchObject({ healthy: true, ageSeconds: 14 * 60 - 1, maxAgeSeconds: 900 });
    expect(healthOf(having(good), 900_000, NOON + 900_999).healthy).toBe(true);
    expect(healthOf(having(good), 900_000, NOON + 901_000)).toMatchObject({
      healthy: false,
      why: 'the last good run is too long ago',
    });
  });

  test('takes the last good run of any line', () => {
    const check = outcome({
      line: 2,
      startedAt: '2026-11-16T12:10:00.000Z',
      report: { ...repairedReport(), command: 'check', verdict: 'in_sync' },
    });
    expect(health(having(check, good), 20)).toMatchObject({ healthy: true, lastGoodAt: '2026-11-16T12:10:01.000Z' });
  });

  test('a clock that was set back makes no age below zero', () => {
    expect(health(having(good), -60).ageSeconds).toBe(0);
  });

  test.each([
    ['2-59/5 * * * * userdrift sync\n17 * * * * userdrift check', 15],
    ['17 * * * * userdrift check', 180],
    ['0 6 * * * userdrift sync', 3 * 24 * 60],
    ['* * * * * userdrift doctor\n0 * * * * userdrift check', 180],
    ['0 0 * * * userdrift doctor', 15],
  ])('its limit for %j is %d minutes', (crontab, minutes) => {
    expect(defaultMaxAgeMs(linesOf(crontab)) / 60_000).toBe(minutes);
  });

  test('of one target has a limit by its own lines', () => {
    const lines = linesOf(
      '*/5 * * * * userdrift sync --target public.users\n0 6 * * * userdrift sync --target public.crew',
    );
    expect(maxAgeOfSomeMs(lines, [{ number: 1 }]) / 60_000).toBe(15);
    expect(maxAgeOfSomeMs(lines, [{ number: 2 }]) / 60_000).toBe(3 * 24 * 60);
    expect(maxAgeOfSomeMs(lines, lines)).toBe(defaultMaxAgeMs(lines));
  });
});
