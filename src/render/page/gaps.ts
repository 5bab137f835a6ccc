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
 * Where nothing ran for much longer than usual, up to `until`. `starts` ascending, in milliseconds; what is usual is the
 * median of the waits nearby.
 */
export function gapsIn(starts: readonly number[], until: number): Stretch[] {
  const ends = [...starts.slice(1), until];
  const stretches = starts.map((from, index) => ({ from, to: ends[index] ?? until }));
  return stretches.filter(({ from, to }, index) => to - from >= limitAt(stretches, index));
}

function limitAt(stretches: readonly Stretch[], index: number): number {
  // The last one is still open: it is measured by the others, and is no measure itself.
  const closed = stretches.slice(0, -1);
  const around = [
    ...closed.slice(Math.max(0, index - NEIGHBOURS), index),
    ...closed.slice(index + 1, index + 1 + NEIGHBOURS),
  ].map(({ from, to }) => to - from);
  return around.length === 0 ? Number.POSITIVE_INFINITY : Math.max(LEAST_MS, FACTOR * median(around));
}

/** The lower one of two in the middle. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}
