import type { Breakdown, Measure } from '../port.ts';

const SAMPLE = 20;

/** The measure of ranges that lie side by side, given in ascending order. Pure. */
export function mergeMeasures([first, ...others]: readonly Measure[]): Measure {
  if (!first) throw new RangeError('nothing was measured');
  return others.reduce(merged, first);
}

function merged(a: Measure, b: Measure): Measure {
  const excluded = { ...a.excluded };
  for (const why of Object.keys(excluded) as (keyof typeof excluded)[]) excluded[why] += b.excluded[why];
  return {
    clock: a.clock,
    sourceTotal: a.sourceTotal + b.sourceTotal,
    sourceEmpty: b.sourceEmpty,
    targetEmpty: b.targetEmpty,
    missing: a.missing + b.missing,
    oldest: oldestOf(a, b),
    newest:
      [a.newest, b.newest]
        .filter((time) => time !== null)
        .sort(compare)
        .at(-1) ?? null,
    excluded,
    stale: a.stale === null || b.stale === null ? null : a.stale + b.stale,
    orphans: a.orphans === null || b.orphans === null ? null : a.orphans + b.orphans,
    sample: [...a.sample, ...b.sample].slice(0, SAMPLE),
    breakdown: a.breakdown && b.breakdown && mergedBreakdown(a.breakdown, b.breakdown),
  };
}

/** Where users are missing and the oldest is unknown, it stays so: unknown is older than any time. */
function oldestOf(...parts: readonly Measure[]): string | null {
  const found = parts.filter(({ missing }) => missing > 0).map(({ oldest }) => oldest);
  return found.includes(null) ? null : (found.filter((time) => time !== null).sort(compare)[0] ?? null);
}

function mergedBreakdown(a: Breakdown, b: Breakdown): Breakdown {
  const days = summed([...a.days, ...b.days].map(({ day, missing }) => [day, missing]))
    .map(([day, missing]) => ({ day, missing }))
    .sort((one, other) => compare(one.day ?? UNKNOWN_LAST, other.day ?? UNKNOWN_LAST));
  if (!a.providers || !b.providers) return { days, providers: null };
  const providers = summed([...a.providers, ...b.providers].map(({ provider, missing }) => [provider, missing]))
    .map(([provider, missing]) => ({ provider, missing }))
    .sort((one, other) => other.missing - one.missing || compare(one.provider, other.provider));
  return { days, providers };
}

const UNKNOWN_LAST = '~';

function summed<K>(counts: readonly (readonly [K, number])[]): [K, number][] {
  const sums = new Map<K, number>();
  for (const [key, count] of counts) sums.set(key, (sums.get(key) ?? 0) + count);
  return [...sums];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
