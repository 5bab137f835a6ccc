import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Outcome } from '../../src/port.ts';
import { Tally } from '../../src/reconcile/tally.ts';

const fault = fc.record({
  code: fc.constantFrom('23505', '23514', '22001'),
  constraint: fc.option(fc.constantFrom('a', 'b')),
  column: fc.constant(null),
});
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom('inserted', 'alreadyPresent', 'vanished', 'excluded', 'suppressed'),
  }) as fc.Arbitrary<Outcome>,
  fc.tuple(fc.uuid(), fault).map(([id, reason]) => ({ id, kind: 'failed' as const, ...reason })),
);

test('scanned is the sum of all buckets, at every moment', () => {
  fc.assert(
    fc.property(fc.array(fc.array(outcome, { maxLength: 30 }), { maxLength: 20 }), fc.nat(50), (batches, unsettled) => {
      const tally = new Tally();
      for (const batch of batches) tally.scan(batch.length);
      tally.scan(unsettled);
      for (const batch of [[], ...batches]) {
        tally.settle(batch);
        const { scanned, refreshed: _, ...buckets } = tally.counts();
        expect(Object.values(buckets).reduce((sum, count) => sum + count, 0)).toBe(scanned);
      }
      expect(tally.counts().unresolved).toBe(unsettled);
      expect(tally.failuresTotal).toBe(tally.counts().failed);
    }),
  );
});

const failed = (code: string): Outcome => ({ id: '', kind: 'failed', code, constraint: null, column: null });
const repeat = (count: number, code: string) => Array.from({ length: count }, () => failed(code));

test('twenty failures of one kind are systemic while nothing is inserted; not nineteen, not of two kinds', () => {
  const tally = new Tally();
  tally.scan(100);
  tally.settle([...repeat(19, '23514'), ...repeat(19, '23505')]);
  expect(tally.brake(1000)).toBeNull();
  tally.settle(repeat(1, '23514'));
  expect(tally.brake(1000)).toMatchObject({ code: 'systemic_failure', verdict: 'failed' });
  tally.settle([{ id: '', kind: 'inserted' }]);
  expect(tally.brake(1000)).toBeNull();
  expect(tally.brake(39)).toMatchObject({ code: 'failures_limit', verdict: 'failed' });
});

test('twenty calls that returned and left no row are systemic; twenty suppressed inserts are not', () => {
  const lies = Array.from({ length: 20 }, () => ({ id: '', kind: 'suppressed' as const }));
  const inserts = new Tally();
  inserts.scan(100);
  inserts.settle(lies);
  expect(inserts.brake(1000)).toBeNull();
  const called = new Tally();
  called.scan(100);
  called.settleCalls(lies.slice(1));
  expect(called.brake(1000)).toBeNull();
  called.settleCalls(lies.slice(19));
  expect(called.brake(1000)).toMatchObject({ code: 'systemic_failure', fix: expect.stringContaining('function') });
  called.settleCalls([{ id: '', kind: 'inserted' }]);
  expect(called.brake(1000)).toBeNull();
});

test('the report lists a hundred failures and counts all', () => {
  const tally = new Tally();
  tally.scan(250);
  tally.settle(repeat(250, '23514'));
  expect([tally.failures.length, tally.failuresTotal]).toEqual([100, 250]);
});
