/** A stretch of time, in milliseconds since 1970. */
export interface Stretch {
  from: number;
  to: number;
}

/** So many times the usual wait is no jitter and no run left out once. */
const FACTOR = 4;
const LEAST_MS = 15 * 60_000;
/** How many waits on each side say what is usual: a schedule may have been another one a month ago. */
const NEIGHBOURS = 5;

/**
 * Where nothing ran for much longer than usual, up to `until`. `starts` ascending, in milliseconds. What is usual is the
 * median of the waits before it, or of those after it if that is more.
 */
export function gapsIn(starts: readonly number[], until: number): Stretch[] {
  const ends = [...starts.slice(1), until];
  const stretches = starts.map((from, index) => ({ from, to: ends[index] ?? until }));
  // The last one is still open: it is measured by the others, and is no measure itself.
  const waits = stretches.slice(0, -1).map(({ from, to }) => to - from);
  return stretches.filter(({ from, to }, index) => to - from >= limitAt(waits, index));
}

function limitAt(waits: readonly number[], index: number): number {
  const sides = [waits.slice(Math.max(0, index - NEIGHBOURS), index), waits.slice(index + 1, index + 1 + NEIGHBOURS)];
  const usual = sides.filter((side) => side.length > 0).map(median);
  return usual.length === 0 ? Number.POSITIVE_INFINITY : Math.max(LEAST_MS, FACTOR * Math.max(...usual));
}

/** What most runs wait for the next one, in milliseconds; null of fewer than two. `starts` ascending. */
export function usualWait(starts: readonly number[]): number | null {
  const waits = starts.slice(1).map((start, index) => start - (starts[index] ?? start));
  return waits.length === 0 ? null : median(waits);
}

/** The lower one of two in the middle. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}
