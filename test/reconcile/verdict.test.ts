import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES, exitCodeOf } from '../../src/exit-codes.ts';
import { type Ending, verdictOf } from '../../src/reconcile/verdict.ts';

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

/** A run whose two looks found this many missing and stale: `[missing, stale]` before and after. */
function verdict(drift: [number, number], residual: [number, number], change: Partial<Ending> = {}) {
  return verdictOf({
    command: 'sync',
    dryRun: false,
    maxDrift: 0,
    failOn: 'unrepaired',
    drift: { missing: drift[0], stale: drift[1] },
    residual: { missing: residual[0], stale: residual[1] },
    ...change,
  });
}

describe.each(['sync', 'backfill'] as const)('%s', (command) => {
  test('of nothing is in sync, of something that is done is a repair', () => {
    expect(verdict([0, 0], [0, 0], { command })).toBe('in_sync');
    expect(verdict([1, 0], [0, 0], { command })).toBe('repaired');
    expect(verdict([0, 1], [0, 0], { command })).toBe('repaired');
  });

  test('is unrepaired while somebody is missing or stale, whatever was done', () => {
    expect(verdict([9, 0], [1, 0], { command })).toBe('unrepaired');
    expect(verdict([0, 9], [0, 1], { command })).toBe('unrepaired');
    expect(verdict([0, 0], [1, 0], { command })).toBe('unrepaired');
  });

  test('may leave as many missing as max-drift says, and nobody stale', () => {
    expect(verdict([9, 0], [3, 0], { command, maxDrift: 3 })).toBe('repaired');
    expect(verdict([9, 0], [4, 0], { command, maxDrift: 3 })).toBe('unrepaired');
    expect(verdict([9, 9], [3, 1], { command, maxDrift: 3 })).toBe('unrepaired');
  });

  test('with --fail-on drift says drift for any that was found, and what is left comes first', () => {
    const failOn = 'drift';
    expect(verdict([1, 0], [0, 0], { command, failOn })).toBe('drift');
    expect(verdict([0, 1], [0, 0], { command, failOn })).toBe('drift');
    expect(verdict([0, 0], [0, 0], { command, failOn })).toBe('in_sync');
    expect(verdict([2, 0], [1, 0], { command, failOn })).toBe('unrepaired');
  });
});

describe.each([
  ['check', { command: 'check' }],
  ['a dry run', { dryRun: true }],
] as const)('%s', (_, asked) => {
  test('finds drift or none: missing above max-drift, or anybody stale', () => {
    expect(verdict([0, 0], [0, 0], asked)).toBe('in_sync');
    expect(verdict([1, 0], [1, 0], asked)).toBe('drift');
    expect(verdict([0, 1], [0, 1], asked)).toBe('drift');
    expect(verdict([3, 0], [3, 0], { ...asked, maxDrift: 3 })).toBe('in_sync');
    expect(verdict([4, 0], [4, 0], { ...asked, maxDrift: 3 })).toBe('drift');
    expect(verdict([3, 1], [3, 1], { ...asked, maxDrift: 3 })).toBe('drift');
  });

  test('with --fail-on drift tolerates none that was found, below max-drift either', () => {
    expect(verdict([3, 0], [3, 0], { ...asked, maxDrift: 3, failOn: 'drift' })).toBe('drift');
    expect(verdict([0, 0], [0, 0], { ...asked, maxDrift: 3, failOn: 'drift' })).toBe('in_sync');
  });
});
