import fc from 'fast-check';
import { pastRun } from '../../scripts/sample-runs.ts';
import { EXIT_CODES, exitCodeOf, type Verdict } from '../../src/exit-codes.ts';
import type { PastRun } from '../../src/past-run.ts';

const VERDICTS = EXIT_CODES.flatMap((row): Verdict[] => [...row.verdicts]);
const NOON = Date.parse('2026-11-16T12:00:00.000Z');
const count = fc.oneof(fc.constant(0), fc.nat(12), fc.nat(5_000_000));
/** Seconds from one run to the next: none at all, minutes, days. */
const wait = fc.oneof(fc.constant(0), fc.constant(300), fc.integer({ min: 1, max: 600 }), fc.nat(400_000));

const change = fc.record({
  verdict: fc.constantFrom(...VERDICTS),
  command: fc.constantFrom('check' as const, 'sync' as const, 'backfill' as const),
  full: fc.boolean(),
  namedUsers: fc.option(fc.nat(3), { freq: 5 }),
  durationMs: fc.nat(600_000),
  missing: fc.option(count),
  inserted: count,
  failed: count,
  residual: fc.option(count),
  residualStale: fc.option(count),
});

/** A history of one target, the oldest run first. */
export const anyHistory: fc.Arbitrary<PastRun[]> = fc.array(fc.tuple(wait, change), { maxLength: 60 }).map((steps) => {
  let at = NOON;
  return steps.map(([seconds, { verdict, ...rest }], index) => {
    at += seconds * 1000;
    const startedAt = new Date(at).toISOString();
    return pastRun({
      ...rest,
      startedAt,
      verdict,
      exitCode: exitCodeOf(verdict),
      runId: `run-${String(index).padStart(3, '0')}`,
    });
  });
});
