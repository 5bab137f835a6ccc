import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { found, lost, pastRun, runsEvery } from '../../scripts/sample-runs.ts';
import { gapsIn } from '../../src/render/page/gaps.ts';
import { leftAfter, startOf } from '../../src/render/page/past.ts';
import { bucketsOf, drawn, levelsOf } from '../../src/render/page/series.ts';
import { anyHistory } from './any-past-run.ts';

const MINUTE = 60_000;
const most = fc.integer({ min: 2, max: 140 });
const endOfAll = (runs: readonly { startedAt: string }[]) =>
  Date.parse(runs.at(-1)?.startedAt ?? '2026-11-16T12:00:00.000Z');
const highest = (values: readonly (number | null)[]) => Math.max(-1, ...values.map((value) => value ?? -1));

describe('the buckets', () => {
  test('hold each run once, at its time, in no more of them than asked for, and lose no peak', () => {
    fc.assert(
      fc.property(anyHistory, fc.nat(10_000), most, (runs, later, count) => {
        const what = drawn(runs, endOfAll(runs) + later * 1000);
        const buckets = bucketsOf(what, count);
        expect(buckets.length).toBeLessThanOrEqual(count);
        expect(buckets.flatMap((bucket) => bucket.runs)).toEqual(what.runs);
        expect(highest(buckets.map((bucket) => bucket.found))).toBe(highest(what.runs.map(({ missing }) => missing)));
        expect(highest(buckets.map((bucket) => bucket.left))).toBe(highest(what.runs.map(leftAfter)));
        for (const [index, { from, to, runs: inside }] of buckets.entries()) {
          for (const run of inside) expect(startOf(run) >= from - 1 && startOf(run) < to + 1).toBe(true);
          if (index > 0) expect(from).toBeGreaterThanOrEqual((buckets[index - 1]?.to ?? 0) - 1);
        }
      }),
    );
  });

  test('of regular runs have one run each, or all equally many', () => {
    for (const [runs, each] of [
      [100, 1],
      [140, 2],
      [1000, 8],
    ] as const) {
      const history = runsEvery(5, runs);
      const buckets = bucketsOf(drawn(history, endOfAll(history)), 140);
      expect(new Set(buckets.slice(1, -1).map((bucket) => bucket.runs.length))).toEqual(new Set([each]));
    }
  });

  test('keep a spike of one run in a thousand whole', () => {
    const history = runsEvery(5, 1000, (index) => (index === 611 ? found(12_000) : {}));
    const buckets = bucketsOf(drawn(history, endOfAll(history)), 56);
    expect(buckets.filter((bucket) => bucket.found !== 0).map((bucket) => [bucket.found, bucket.left])).toEqual([
      [12_000, 0],
    ]);
  });

  test('count what failed and what was held back', () => {
    const history = [
      pastRun(lost('failed', 'x')),
      pastRun(lost('refused', 'x')),
      pastRun(lost('interrupted', 'x')),
      // Its report could not be kept.
      pastRun({ exitCode: 1 }),
    ];
    expect(bucketsOf(drawn(history, endOfAll(history)), 2)).toMatchObject([{ failed: 2, stopped: 2, found: 0 }]);
  });
});

describe('what is drawn', () => {
  test('is nine runs in ten at least, the latest ones, and none about single users', () => {
    fc.assert(
      fc.property(anyHistory, (runs) => {
        const { runs: kept, earlier } = drawn(runs, endOfAll(runs));
        const all = runs.filter(({ namedUsers }) => namedUsers === null);
        expect(kept).toEqual(all.slice(earlier));
        expect(earlier).toBeLessThanOrEqual(all.length / 10);
      }),
    );
  });

  test('leaves out a lone run of long ago, and not a quiet week', () => {
    const day = runsEvery(5, 288);
    const runBefore = (days: number) =>
      pastRun({ startedAt: new Date(endOfAll(day) - days * 1440 * MINUTE).toISOString() });
    expect(drawn([runBefore(80), ...day], endOfAll(day))).toMatchObject({
      earlier: 1,
      from: startOf(day[0] ?? runBefore(1)),
    });
    expect(drawn([runBefore(3), ...day], endOfAll(day)).earlier).toBe(0);
  });
});

describe('the levels', () => {
  test('ascend in time, never hide what a bucket left, and know nothing that no run said', () => {
    fc.assert(
      fc.property(anyHistory, most, (runs, count) => {
        const what = drawn(runs, endOfAll(runs) + MINUTE);
        const buckets = bucketsOf(what, count);
        const levels = levelsOf(buckets, gapsIn(what.runs.map(startOf), what.to), what.to);
        const times = levels.map(({ at }) => at);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        for (const { from, left } of buckets)
          if (left !== null) expect(levels.find(({ at }) => at === from)?.left).toBe(left);
        const said = new Set<number | null>([null, ...what.runs.map(leftAfter)]);
        for (const { left } of levels) expect(said.has(left)).toBe(true);
      }),
    );
  });

  const levels = (...changes: object[]) => {
    const history = runsEvery(5, changes.length, (index) => changes[index] ?? {});
    const what = drawn(history, endOfAll(history) + MINUTE);
    return levelsOf(bucketsOf(what, 20), [], what.to).map(({ left }) => left);
  };

  test('hold until the next run, and over one that failed', () => {
    const steps = levels(found(9, 4), lost('failed', 'x'), found(4));
    expect(steps.filter((left, index) => left !== steps[index - 1])).toEqual([4, 0]);
    expect(steps.length).toBeGreaterThan(2);
  });

  test('that nobody is missing is not known any more after a run that failed', () => {
    expect(new Set(levels({}, lost('failed', 'x'), lost('failed', 'x')).slice(2))).toEqual(new Set([null]));
  });

  test('end where nothing ran', () => {
    const history = runsEvery(5, 40, (index) => (index > 10 && index < 30 ? null : found(5, 5)));
    const what = drawn(history, endOfAll(history));
    const gaps = gapsIn(what.runs.map(startOf), what.to);
    expect(gaps).toHaveLength(1);
    const inside = levelsOf(bucketsOf(what, 140), gaps, what.to).filter(
      ({ at }) => at > (gaps[0]?.from ?? 0) && at < (gaps[0]?.to ?? 0) - 3 * MINUTE,
    );
    expect(inside.map(({ left }) => left)).toEqual([null]);
  });
});

describe('the gaps', () => {
  const every = (minutes: number, count: number, from = 0) =>
    Array.from({ length: count }, (_, index) => from + index * minutes * MINUTE);

  test.each([
    [5, 100],
    [60, 20],
    [1440, 10],
  ])('every %d minutes: none in %d runs, and none after them for a while', (minutes, count) => {
    const starts = every(minutes, count);
    expect(gapsIn(starts, (starts.at(-1) ?? 0) + 2 * minutes * MINUTE)).toEqual([]);
    expect(gapsIn(starts, (starts.at(-1) ?? 0) + 4 * minutes * MINUTE)).toEqual([
      { from: starts.at(-1), to: (starts.at(-1) ?? 0) + 4 * minutes * MINUTE },
    ]);
  });

  test('of a schedule that was daily and then ran every five minutes: none', () => {
    const days = every(1440, 20);
    const often = every(5, 100, (days.at(-1) ?? 0) + 1440 * MINUTE);
    expect(gapsIn([...days, ...often], often.at(-1) ?? 0)).toEqual([]);
  });

  test('three days in the middle, and no more than that', () => {
    const later = every(60, 30, 3 * 1440 * MINUTE + 29 * 60 * MINUTE);
    expect(gapsIn([...every(60, 30), ...later], later.at(-1) ?? 0)).toEqual([{ from: 29 * 60 * MINUTE, to: later[0] }]);
  });

  test('minutes are none, however quick the runs before them were; two runs know no usual wait', () => {
    expect(gapsIn([0, 1000, 2000, 3000, 14 * MINUTE], 14 * MINUTE)).toEqual([]);
    expect(gapsIn([0, 9 * 1440 * MINUTE], 9 * 1440 * MINUTE)).toEqual([]);
    expect(gapsIn([], 0)).toEqual([]);
  });

  test('lie between runs that follow each other', () => {
    fc.assert(
      fc.property(anyHistory, (runs) => {
        const starts = runs.map(startOf);
        const until = endOfAll(runs);
        for (const { from, to } of gapsIn(starts, until)) {
          const index = starts.lastIndexOf(from);
          expect(starts[index + 1] ?? until).toBe(to);
        }
      }),
    );
  });
});
