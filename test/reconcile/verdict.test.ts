import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EXIT_CODES, exitCodeOf } from '../../src/exit-codes.ts';
import { verdictOf } from '../../src/reconcile/verdict.ts';

const ending = fc.record({
  command: fc.constantFrom('check', 'sync', 'backfill'),
  dryRun: fc.boolean(),
  maxDrift: fc.nat(5),
  failOn: fc.constantFrom('drift', 'unrepaired'),
  drift: fc.record({ missing: fc.nat(5), stale: fc.nat(2) }),
  residual: fc.record({ missing: fc.nat(5), stale: fc.nat(2) }),
});

test('0 is never said while more users are missing than max-drift allows, or any is stale', () => {
  fc.assert(
    fc.property(ending, (end) => {
      if (exitCodeOf(verdictOf(end)) !== 0) return;
      expect(end.residual.missing).toBeLessThanOrEqual(end.maxDrift);
      expect(end.residual.stale).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

test('a run that only looked never says that it repaired', () => {
  fc.assert(
    fc.property(ending, (end) => {
      const looked = end.command === 'check' || end.dryRun;
      if (looked) expect(['in_sync', 'drift']).toContain(verdictOf(end));
    }),
  );
});

test('each verdict has one exit code', () => {
  const verdicts = EXIT_CODES.flatMap((row) => [...row.verdicts]);
  expect(new Set(verdicts).size).toBe(verdicts.length);
  expect(verdicts.map((verdict) => [verdict, exitCodeOf(verdict)])).toEqual([
    ['in_sync', 0],
    ['repaired', 0],
    ['failed', 1],
    ['inconclusive', 1],
    ['drift', 2],
    ['unrepaired', 2],
    ['busy', 3],
    ['refused', 4],
    ['interrupted', 130],
  ]);
});
