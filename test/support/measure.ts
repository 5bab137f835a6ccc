import type { Measure } from '../../src/port.ts';

/** A look at 1000 users who all have a row, but for what the test changes. */
export function measure({
  excluded,
  ...change
}: Partial<Omit<Measure, 'excluded'>> & { excluded?: Partial<Measure['excluded']> } = {}): Measure {
  return {
    clock: { cutoff: '2026-11-16T11:59:00.000Z', future: '2026-11-17T12:00:00.000Z' },
    sourceTotal: 1000,
    sourceEmpty: false,
    targetEmpty: false,
    missing: 0,
    oldest: null,
    newest: null,
    excluded: { deleted: 0, anonymous: 0, sso: 0, filtered: 0, grace: 0, ...excluded },
    stale: null,
    orphans: null,
    sample: [],
    breakdown: null,
    ...change,
  };
}
