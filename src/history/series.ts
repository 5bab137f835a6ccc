import type { PastRun } from '../past-run.ts';
import { inOrder } from './summary.ts';

/** How many were missing when a run began. */
export interface Point {
  /** ISO 8601 */
  at: string;
  missing: number;
}

/** The drift that runs over all users found, oldest first. */
export function driftOf(runs: readonly PastRun[]): Point[] {
  return inOrder(runs).flatMap(({ full, missing, startedAt }) =>
    full && missing !== null ? [{ at: startedAt, missing }] : [],
  );
}

/** At most `most` points: neighbours become one, at the time of the first and with the highest count, so that no peak is lost. */
export function thinned(points: readonly Point[], most: number): Point[] {
  const size = Math.ceil(points.length / Math.max(1, most));
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const group = points.slice(index * size, (index + 1) * size);
    return { at: group[0]?.at ?? '', missing: Math.max(...group.map(({ missing }) => missing)) };
  });
}
