import type { PastRun } from '../../past-run.ts';
import { type Stretch, usualWait } from './gaps.ts';
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
  const earlier = starts.slice(0, lone + 1).findIndex((at) => at - first > TOO_LONG * (to - first));
  const kept = all.slice(Math.max(0, earlier));
  return {
    runs: kept,
    earlier: all.length - kept.length,
    from: Math.min(starts[all.length - kept.length] ?? to, to - LEAST_MS),
    to,
  };
}

/**
 * The runs in at most `most` buckets of one length; those without a run are left out, and no peak is lost. The length is a
 * multiple or a fraction of the usual wait, and the first run stands in the middle of its bucket: regular runs look regular.
 */
export function bucketsOf({ runs, from, to }: Drawn, most: number): Bucket[] {
  const starts = runs.map(startOf);
  const width = widthOf(to - from, usualWait(starts), most);
  const zero = (starts[0] ?? from) - width / 2;
  const groups = Map.groupBy(runs, (run) => Math.floor((startOf(run) - zero) / width));
  return [...groups].map(([index, inside]) => bucketOf(inside, zero + index * width, width));
}

function widthOf(span: number, wait: number | null, most: number): number {
  // The first bucket begins half of one too early.
  const room = span / (most - 1);
  if (wait === null || wait <= 0) return room;
  return wait <= room ? wait * Math.ceil(room / wait) : wait / Math.floor(wait / room);
}

function bucketOf(runs: readonly PastRun[], from: number, width: number): Bucket {
  return {
    from,
    to: from + width,
    runs,
    found: highest(runs.map(({ missing }) => missing)),
    left: highest(runs.map(leftAfter)),
    leftAtEnd: runs.map(leftAfter).findLast((left) => left !== null) ?? null,
    failed: runs.filter((run) => endingOf(run) === 'failed').length,
    stopped: runs.filter((run) => endingOf(run) === 'stopped').length,
  };
}

/**
 * How many were missing over time, as steps: what a run left holds until the next one, but not over a gap. Where a run did
 * not count, those who were missing still are; that nobody is, nobody knows any more.
 */
export function levelsOf(buckets: readonly Bucket[], gaps: readonly Stretch[], to: number): Level[] {
  const levels: Level[] = [];
  let held: number | null = null;
  for (const [index, bucket] of buckets.entries()) {
    const next = buckets[index + 1]?.from ?? to;
    const gap = gaps.some(({ from, to: end }) => from >= bucket.from && from < bucket.to && end > bucket.to);
    held = bucket.leftAtEnd ?? (held || null);
    levels.push({ at: bucket.from, left: bucket.left ?? held });
    if (gap) held = null;
    if (next > bucket.to) levels.push({ at: bucket.to, left: held });
  }
  return levels;
}

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, value) => (value === null ? most : Math.max(most ?? 0, value)), null);
}
