import type { Health, Status } from '../status.ts';
import type { Line } from './crontab.ts';
import { longestGapMs } from './gap.ts';

/** Two lost runs in a row are bad luck, and a run takes its time. */
const GAPS = 3;
const LEAST_MS = 15 * 60_000;
const PROVING = new Set(['check', 'sync']);

/** How old the last good run may be, in milliseconds, if nobody says so: three times the longest gap between runs that prove something. */
export function defaultMaxAgeMs(lines: readonly Pick<Line, 'fields' | 'args'>[]): number {
  const proving = lines.filter(({ args: [command = ''] }) => PROVING.has(command));
  // Without one nothing will ever be proved: better said soon than never.
  if (proving.length === 0) return LEAST_MS;
  return Math.max(LEAST_MS, GAPS * longestGapMs(proving.map(({ fields }) => fields)));
}

/** The same, of those lines only whose numbers are given: what looks after one target need not wait for another. */
export function maxAgeOfSomeMs(
  lines: readonly Pick<Line, 'number' | 'fields' | 'args'>[],
  some: readonly { number: number }[],
): number {
  const numbers = new Set(some.map(({ number }) => number));
  return defaultMaxAgeMs(lines.filter(({ number }) => numbers.has(number)));
}

/** Is the last good run of any line younger than `maxAgeMs`? Before the first one, the start counts. `now` in milliseconds. */
export function healthOf({ startedAt, lines }: Status, maxAgeMs: number, now: number): Health {
  const lastGoodAt = lines.reduce<string | null>((last, { lastGoodAt: at }) => later(last, at), null);
  const ageMs = Math.max(0, now - Date.parse(lastGoodAt ?? startedAt));
  const healthy = ageMs < maxAgeMs;
  return {
    healthy,
    lastGoodAt,
    ageSeconds: Math.floor(ageMs / 1000),
    maxAgeSeconds: Math.floor(maxAgeMs / 1000),
    why: whyOf(healthy, lastGoodAt),
  };
}

function whyOf(healthy: boolean, lastGoodAt: string | null): string {
  if (lastGoodAt === null) return healthy ? 'no good run yet since the start' : 'no good run since the start';
  return healthy ? 'the last good run is recent' : 'the last good run is too long ago';
}

function later(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(one) >= Date.parse(other) ? one : other;
}
