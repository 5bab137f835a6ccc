import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runsEvery } from '../../scripts/sample-runs.ts';
import type { Line } from '../../src/schedule/crontab.ts';
import { type Options, type Schedule, startSchedule } from '../../src/schedule/schedule.ts';
import type { Outcome } from '../../src/status.ts';
import { linesOf, outcome } from './outcomes.ts';

const NOON = Date.parse('2026-11-16T12:00:30.000Z');
const MINUTE = 60_000;
const LINES = linesOf('* * * * * userdrift sync\n*/30 * * * * userdrift check\n');

beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => void vi.useRealTimers());

interface Watched {
  schedule: Schedule;
  /** `sync 12:01`: which command began, and when */
  begun: string[];
  skipped: string[];
  /** Ends the runs that are under way. */
  end: () => Promise<void>;
}

/** A schedule whose runs end when the test says so. */
function watch(lines: readonly Line[], options: Partial<Options> = {}): Watched {
  const begun: string[] = [];
  const skipped: string[] = [];
  const open = new Set<() => void>();
  const at = (date: Date) => date.toISOString().slice(11, 16);
  const schedule = startSchedule(lines, {
    jitterMs: 0,
    runAtStart: false,
    launch: (line) =>
      new Promise<Outcome>((resolve) => {
        begun.push(`${line.args[0]} ${at(new Date())}`);
        open.add(() => resolve(outcome({ line: line.number, command: line.args[0] ?? '' })));
      }),
    told: {
      begun: () => {},
      ended: () => {},
      skipped: (line, why, date) => skipped.push(`${line.args[0]} ${why} ${at(date)}`),
      failed: (error) => expect.fail(String(error)),
    },
    ...options,
  });
  const end = async () => {
    for (const one of open) one();
    open.clear();
    await vi.advanceTimersByTimeAsync(0);
  };
  return { schedule, begun, skipped, end };
}

describe('a schedule', () => {
  test('runs each line at its times', async () => {
    const { begun, end, schedule } = watch(LINES);
    for (let minute = 0; minute < 31; minute += 1) {
      await vi.advanceTimersByTimeAsync(MINUTE);
      await end();
    }
    expect(begun.filter((run) => run.startsWith('sync'))).toHaveLength(31);
    expect(begun.filter((run) => run.startsWith('check'))).toEqual(['check 12:30']);
    expect(schedule.next(2)?.toISOString()).toBe('2026-11-16T13:00:00.000Z');
  });

  test('in the time zone of the line', async () => {
    const [line] = linesOf('CRON_TZ=Asia/Kolkata\n0 9 * * * userdrift sync\n');
    const { schedule } = watch(line ? [line] : []);
    expect(schedule.next(2)?.toISOString()).toBe('2026-11-17T03:30:00.000Z');
  });

  test('never beside itself: a run that lasts is left to end, and that is said', async () => {
    const { begun, skipped, end } = watch(LINES);
    await vi.advanceTimersByTimeAsync(3 * MINUTE);
    expect(begun).toEqual(['sync 12:01']);
    expect(skipped).toEqual(['sync overlap 12:02', 'sync overlap 12:03']);
    await end();
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(begun).toEqual(['sync 12:01', 'sync 12:04']);
  });

  test('says what it slept through, and goes on', async () => {
    const { begun, skipped, end } = watch(LINES.slice(0, 1));
    vi.setSystemTime(NOON + 10 * MINUTE);
    await vi.advanceTimersByTimeAsync(MINUTE);
    await end();
    expect(skipped.slice(0, 2)).toEqual(['sync missed 12:01', 'sync missed 12:02']);
    expect(begun.length).toBeGreaterThan(0);
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(begun.at(-1)).toBe('sync 12:12');
  });

  test('starts up to the jitter later', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { begun } = watch(LINES.slice(0, 1), { jitterMs: 20_000 });
    await vi.advanceTimersByTimeAsync(39_000);
    expect(begun).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun).toEqual(['sync 12:01']);
    vi.mocked(Math.random).mockRestore();
  });
});

describe('at the start', () => {
  test('every line runs once, one after the other', async () => {
    const { begun, end } = watch(LINES, { runAtStart: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(begun).toEqual(['sync 12:00']);
    await end();
    expect(begun).toEqual(['sync 12:00', 'check 12:00']);
  });

  test('that run holds off the next one, as any other', async () => {
    const { begun, skipped } = watch(LINES.slice(0, 1), { runAtStart: true });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(begun).toEqual(['sync 12:00']);
    expect(skipped).toEqual(['sync overlap 12:01']);
  });
});

describe('the past', () => {
  test('is taken in while runs go on, and stays', async () => {
    const { schedule, end } = watch(LINES.slice(0, 1), { runAtStart: true });
    const older = runsEvery(5, 3);
    schedule.remember([...older].reverse());
    expect(schedule.status()).toMatchObject({ runs: older, lines: [{ runningSince: expect.any(String) }] });
    await end();
    expect(schedule.status()).toMatchObject({ runs: older, lines: [{ runningSince: null }] });
  });
});

describe('the stop', () => {
  test('waits for what is under way and begins nothing more', async () => {
    const { schedule, begun, end } = watch(LINES, { runAtStart: true });
    await vi.advanceTimersByTimeAsync(0);
    let stopped = false;
    const stop = schedule.stop().then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(stopped).toBe(false);
    await end();
    await stop;
    expect(schedule.status().lines[0]).toMatchObject({ runningSince: null, last: { line: 1 } });
    await vi.advanceTimersByTimeAsync(60 * MINUTE);
    expect(begun).toEqual(['sync 12:00']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('comes at once when nothing runs, also while the jitter is waited for', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    const { schedule, begun } = watch(LINES, { jitterMs: 20_000 });
    await vi.advanceTimersByTimeAsync(35_000);
    await schedule.stop();
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    expect(begun).toEqual([]);
    vi.mocked(Math.random).mockRestore();
  });
});
