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

test('nothing is counted or listed before anything happened', () => {
  const tally = new Tally();
  expect([tally.failures, tally.failuresTotal, tally.settled, tally.brake(1)]).toEqual([[], 0, 0, null]);
});

const adult = { code: '23514', constraint: 'adult', column: 'age' };
const refreshed = { id: '', kind: 'refreshed' } as const;

test('a failure is listed with what failed, and only a write that failed is one', () => {
  const tally = new Tally();
  tally.settle([{ id: 'a', kind: 'failed', ...adult }]);
  tally.settleRefresh([{ id: 'b', kind: 'failed', ...adult }, refreshed, { id: 'c', kind: 'unchanged' }]);
  expect(tally.failures).toEqual([
    { id: 'a', op: 'insert', ...adult },
    { id: 'b', op: 'refresh', ...adult },
  ]);
  expect(tally.counts()).toMatchObject({ failed: 1, refreshed: 1 });
  expect(tally.failuresTotal).toBe(2);
});

test('users are settled by an insert that came back, whatever it said, and by a refresh', () => {
  const tally = new Tally();
  tally.scan(10);
  tally.settle([failed('23514'), { id: '', kind: 'inserted' }, { id: '', kind: 'vanished' }]);
  tally.settleRefresh([refreshed, refreshed, { id: '', kind: 'unchanged' }]);
  expect(tally.settled).toBe(5);
});

test('failures are of one kind by operation, code, constraint and column', () => {
  const kinds = [{}, { code: '23505' }, { constraint: 'grown_up' }, { constraint: null }, { column: null }];
  const tally = new Tally();
  for (const kind of kinds)
    tally.settle(Array.from({ length: 19 }, () => ({ id: '', kind: 'failed', ...adult, ...kind })));
  tally.settleRefresh([{ id: '', kind: 'failed', ...adult }]);
  expect(tally.brake(1000)).toBeNull();
  tally.settle([{ id: '', kind: 'failed', ...adult, column: null }]);
  expect(tally.brake(1000)?.message).toMatch(/^20 users .*\(insert 23514 adult\)/);
});

test('who failed in the same way is told to mend the mapping, or the function that was called', () => {
  const inserts = new Tally();
  inserts.settle(repeat(20, '23514'));
  expect(inserts.brake(1000)?.fix).toMatch(/mapping.*nothing was written/);
  const calls = new Tally();
  calls.settleCalls(repeat(20, '23514'));
  expect(calls.brake(1000)?.message).toContain('(insert 23514)');
  expect(calls.brake(1000)?.fix).not.toContain('nothing was written');
});

test('calls that left a row, or failed with an error, are no lies', () => {
  const calls = new Tally();
  calls.settleCalls(Array.from({ length: 20 }, () => ({ id: '', kind: 'alreadyPresent' })));
  calls.settleCalls(repeat(19, '23514'));
  expect(calls.brake(1000)).toBeNull();
  calls.settleCalls(Array.from({ length: 20 }, () => ({ id: '', kind: 'suppressed' })));
  expect(calls.brake(1000)?.message).toContain('no error, but no row');
});

test('one row that was written, by an insert or a refresh, proves that not all is wrong', () => {
  for (const written of [['inserted'], ['refreshed'], ['inserted', 'refreshed']]) {
    const tally = new Tally();
    tally.settle(repeat(20, '23514'));
    if (written.includes('inserted')) tally.settle([{ id: '', kind: 'inserted' }]);
    if (written.includes('refreshed')) tally.settleRefresh([refreshed]);
    expect(tally.brake(1000)).toBeNull();
  }
});

test('users that failed or were suppressed count towards the limit of failures', () => {
  const tally = new Tally();
  tally.settle([failed('23514'), { id: '', kind: 'suppressed' }, { id: '', kind: 'vanished' }]);
  expect(tally.brake(3)).toBeNull();
  tally.settleRefresh([{ id: '', kind: 'failed', ...adult }]);
  const braked = tally.brake(3);
  expect(braked).toMatchObject({ code: 'failures_limit', verdict: 'failed' });
  expect(braked?.message).toMatch(/^3 users/);
  expect(braked?.fix).toContain('limits.failures');
});
