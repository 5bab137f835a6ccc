import type { PastRun } from '../../past-run.ts';
import type { Stretch } from './gaps.ts';
import { endingOf, endOf, isAboutAll, leftAfter, startOf } from './past.ts';

/** What the runs that began within a stretch of time came to. */
export interface Bucket extends Stretch {
  runs: readonly PastRun[];
  /** The most that one of them found missing, and the most that one of them left missing; null: none of them counted. */
  found: number | null;
  left: number | null;
  /** What the last one of them that knew left missing. */
  leftAtEnd: number | null;
  failed: number;
  stopped: number;
}

/** From a moment on, so many are missing; null: nobody knows. */
export interface Level {
  at: number;
  left: number | null;
}

/** The runs that a chart shows, and from when to when. `earlier`: how many it leaves out. */
export interface Drawn extends Stretch {
  runs: readonly PastRun[];
  earlier: number;
}

/** Less would make a minute look like much. */
const LEAST_MS = 10 * 60_000;
/** One lone run of last year would press all others into the last pixel. */
const LONE = 0.1;
const TOO_LONG = 0.75;

/** What to draw of `runs`, ascending, up to `now` (milliseconds): all, but for a few that lie far before all others. */
export function drawn(runs: readonly PastRun[], now: number): Drawn {
  const all = runs.filter(isAboutAll);
  const to = Math.max(now, ...all.slice(-1).map(endOf));
  const starts = all.map(startOf);
  const first = starts[0] ?? to;
  const lone = Math.floor(all.length * LONE);
  const earlier = starts.slice(0, lone + 1).findLastIndex((at) => at - first > TOO_LONG * (to - first));
  const kept = all.slice(Math.max(0, earlier));
  return { runs: kept, earlier: all.length - kept.length, from: Math.min(starts[all.length - kept.length] ?? to, to - LEAST_MS), to };
}

/** The runs in `count` buckets of equal length; those without a run are left out. No peak is lost. */
export function bucketsOf({ runs, from, to }: Drawn, count: number): Bucket[] {
  const width = (to - from) / count;
  const groups = Map.groupBy(runs, (run) => Math.min(count - 1, Math.floor((startOf(run) - from) / width)));
  return [...groups].map(([index, inside]) => ({
    from: from + index * width,
    to: from + (index + 1) * width,
    runs: inside,
    found: most(inside.map(({ missing }) => missing)),
    left: most(inside.map(leftAfter)),
    leftAtEnd: inside.map(leftAfter).findLast((left) => left !== null) ?? null,
    failed: inside.filter((run) => endingOf(run) === 'failed').length,
    stopped: inside.filter((run) => endingOf(run) === 'stopped').length,
  }));
}

/**
 * How many were missing over time, as steps: what a run left holds until the next one, over a run that did not count too,
 * but not over a gap.
 */
export function levelsOf(buckets: readonly Bucket[], gaps: readonly Stretch[], to: number): Level[] {
  const levels: Level[] = [];
  let held: number | null = null;
  for (const [index, bucket] of buckets.entries()) {
    const next = buckets[index + 1]?.from ?? to;
    const gap = gaps.find(({ from, to: end }) => from >= bucket.from && from < bucket.to && end > bucket.to);
    levels.push({ at: bucket.from, left: bucket.left ?? held });
    held = bucket.leftAtEnd ?? held;
    if (next > bucket.to) levels.push({ at: bucket.to, left: gap ? null : held });
    if (gap) held = null;
  }
  return levels;
}

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((highest, value) => (value === null ? highest : Math.max(highest ?? 0, value)), null);
}
