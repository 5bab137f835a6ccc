import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pastOf, pastSchema } from '../../src/history/past.ts';
import { endOf, proves } from '../../src/history/proof.ts';
import { driftOf, thinned } from '../../src/history/series.ts';
import { accountsOf, isLongAgo, longestGap, tallyOf } from '../../src/history/summary.ts';
import type { PastRun } from '../../src/past-run.ts';
import { anyRun, GOOD_RUN } from './any-run.ts';

const runs = fc.array(anyRun(fc.constantFrom('public.users', 'public.profiles')), { maxLength: 40 });
/** Few enough that gaps are often equal. */
const moments = fc.array(fc.nat(20), { maxLength: 12 }).map((some) => some.sort((a, b) => a - b));
const good = (startedAt: string, change: Partial<PastRun> = {}) => ({ ...GOOD_RUN, startedAt, ...change });

describe('a run proves that nobody is missing', () => {
  it.for<[boolean, string, Partial<PastRun>]>([
    [true, 'a check in sync', { command: 'check' }],
    [true, 'a repair', { verdict: 'repaired' }],
    [false, 'a dry run', { dryRun: true }],
    [false, 'users by name', { full: false, namedUsers: 1 }],
    [false, 'a shard', { full: false, shard: '1/4' }],
    [false, 'a time', { full: false, since: '2026-11-01T00:00:00.000Z' }],
    [false, 'a busy one that may be', { verdict: 'busy', exitCode: 0 }],
    [false, 'a repair with --fail-on drift', { verdict: 'repaired', exitCode: 2 }],
    [false, 'drift', { verdict: 'drift', exitCode: 2 }],
    [false, 'an interrupted one', { verdict: 'interrupted', exitCode: 130 }],
  ])('%s: %s', ([expected, , change]) => expect(proves({ ...GOOD_RUN, ...change })).toBe(expected));
});

describe('the longest gap', () => {
  it('is between neighbours, none is longer, and the first of equals is told', () => {
    fc.assert(
      fc.property(moments, (ends) => {
        const gap = longestGap(ends);
        expect(gap === null).toBe(ends.length < 2);
        if (gap === null) return;
        const from = Date.parse(gap.from);
        const lengths = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
        expect(gap.ms).toBe(Math.max(...lengths));
        expect(from).toBe(ends[lengths.indexOf(Math.max(...lengths))]);
        expect(Date.parse(gap.to) - from).toBe(gap.ms);
      }),
    );
  });

  it('is of the ends, also where a run that began earlier ended later', () => {
    const long = good('2026-11-16T08:00:00.000Z', { durationMs: 7_200_000 });
    const short = good('2026-11-16T09:00:00.000Z');
    const [account] = accountsOf([long, short]);
    expect(account).toMatchObject({ lastGoodAt: '2026-11-16T10:00:00.000Z', longestGap: { ms: 3_599_000 } });
  });

  it('runs from the end of one success to the end of the next', () => {
    const three = [
      good('2026-11-16T08:00:00.000Z'),
      good('2026-11-16T09:00:00.000Z'),
      good('2026-11-16T12:00:00.000Z'),
    ];
    const between = good('2026-11-16T10:00:00.000Z', { verdict: 'drift', exitCode: 2 });
    expect(accountsOf([...three, between])).toMatchObject([
      { longestGap: { from: '2026-11-16T09:00:01.000Z', to: '2026-11-16T12:00:01.000Z', ms: 10_800_000 } },
    ]);
  });
});

describe('what the runs say of a target', () => {
  it('is the same in whatever order they come', () => {
    fc.assert(
      fc.property(runs, (some) => {
        const distinct = [...new Map(some.map((run) => [run.startedAt, run])).values()];
        expect(accountsOf(distinct.toReversed())).toEqual(accountsOf(distinct));
        expect(tallyOf(some.toReversed())).toEqual(tallyOf(some));
      }),
    );
  });

  it('has the last end of a proof, and a later run that tells otherwise', () => {
    fc.assert(
      fc.property(runs, (some) => {
        for (const { target, lastGoodAt, latest } of accountsOf(some)) {
          const own = some.filter((run) => run.target === target);
          const ends = own.filter(proves).map(endOf);
          expect(lastGoodAt === null ? [] : [Date.parse(lastGoodAt)]).toEqual(
            ends.length === 0 ? [] : [Math.max(...ends)],
          );
          expect(latest === null || (latest.full && (!latest.dryRun || latest.missing !== 0))).toBe(true);
          if (lastGoodAt !== null) expect(latest).not.toBeNull();
        }
      }),
    );
  });

  it('keeps targets apart: one that is well says nothing about another', () => {
    const bad = good('2026-11-16T09:00:00.000Z', { target: 'public.profiles', verdict: 'failed', exitCode: 1 });
    expect(accountsOf([good('2026-11-16T08:00:00.000Z'), bad])).toMatchObject([
      { target: 'public.profiles', lastGoodAt: null, latest: { verdict: 'failed' } },
      { target: 'public.users', lastGoodAt: '2026-11-16T08:00:01.000Z' },
    ]);
  });

  it('counts every run once', () => {
    fc.assert(
      fc.property(runs, (some) => {
        expect(tallyOf(some).reduce((sum, { runs: times }) => sum + times, 0)).toBe(some.length);
        const past = pastOf(some, null);
        expect(pastSchema.parse(past)).toEqual(past);
        expect(past.runs).toHaveLength(some.length);
        expect(past.runs.map(({ startedAt }) => startedAt)).toEqual(
          some
            .map(({ startedAt }) => startedAt)
            .toSorted()
            .toReversed(),
        );
      }),
    );
  });

  it('is long ago after a day', () => {
    const now = Date.parse('2026-11-17T08:00:00.000Z');
    expect(isLongAgo('2026-11-16T08:00:00.000Z', now)).toBe(false);
    expect(isLongAgo('2026-11-16T07:59:59.999Z', now)).toBe(true);
  });
});

describe('the drift over the runs', () => {
  it('leaves out what a part of the users or nobody was counted for', () => {
    const some = [
      good('2026-11-16T09:00:00.000Z', { missing: 7 }),
      good('2026-11-16T08:00:00.000Z', { missing: 3 }),
      good('2026-11-16T10:00:00.000Z', { missing: null }),
      good('2026-11-16T11:00:00.000Z', { missing: 9, full: false, shard: '1/4' }),
    ];
    expect(driftOf(some)).toEqual([
      { at: '2026-11-16T08:00:00.000Z', missing: 3 },
      { at: '2026-11-16T09:00:00.000Z', missing: 7 },
    ]);
  });

  it('is thinned to what there is room for, and loses no peak', () => {
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 50 }), (some, most) => {
        const points = driftOf(some);
        const fewer = thinned(points, most);
        expect(fewer.length).toBeLessThanOrEqual(Math.max(most, 0));
        expect(fewer.length === 0).toBe(points.length === 0);
        expect(Math.max(0, ...fewer.map(({ missing }) => missing))).toBe(
          Math.max(0, ...points.map(({ missing }) => missing)),
        );
        expect(fewer[0]?.at).toBe(points[0]?.at);
        if (points.length <= most) expect(fewer).toEqual(points);
      }),
    );
  });
});
