import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bisect } from '../../src/attempts/bisect.ts';

/** Drives a bisect against a set of bad items; `noise` trials are rejected although nothing in them is bad. */
function drive(size: number, bad: ReadonlySet<number>, noise: ReadonlySet<number> = new Set()) {
  const items = Array.from({ length: size }, (_, index) => index);
  const steps = bisect(items);
  const taken: number[] = [];
  const blamed: number[] = [];
  const groups: (readonly number[])[] = [];
  let trials = 0;
  for (let step = steps.next(); !step.done; trials += 1) {
    if (trials > 2 * size) throw new Error('more trials than a tree of halves has groups: it never ends');
    const group = step.value;
    groups.push(group);
    const rejected = group.some((item) => bad.has(item)) || (group.length > 1 && noise.has(trials));
    if (!rejected) taken.push(...group);
    else if (group.length === 1) blamed.push(...group);
    step = steps.next(rejected ? 'rejected' : 'taken');
  }
  return { items, taken, blamed, groups, trials };
}

const batch = fc
  .integer({ min: 0, max: 1200 })
  .chain((size) => fc.tuple(fc.constant(size), fc.uniqueArray(fc.nat(Math.max(0, size - 1)), { maxLength: 150 })));

test('blames exactly the bad ones, settles each item once and in order, whatever the noise', () => {
  fc.assert(
    fc.property(batch, fc.uniqueArray(fc.nat(300), { maxLength: 60 }), ([size, bad], noise) => {
      const { items, taken, blamed } = drive(size, new Set(bad), new Set(noise));
      expect(blamed).toEqual(bad.filter((item) => item < size).sort((a, b) => a - b));
      expect([...taken, ...blamed].sort((a, b) => a - b)).toEqual(items);
      expect(taken).toEqual([...taken].sort((a, b) => a - b));
    }),
  );
});

test('one bad item in 1000 costs at most 2·log2(1000)+2 trials besides the first, wherever it is', () => {
  const most = Math.max(...Array.from({ length: 1000 }, (_, bad) => drive(1000, new Set([bad])).trials - 1));
  expect(most).toBeLessThanOrEqual(2 * Math.log2(1000) + 2);
});

test('a batch without a bad item is one trial', () => {
  expect(drive(1000, new Set()).trials).toBe(1);
});

test('many bad items go one by one: never much dearer than a trial each', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 1000 }), (size) => {
      const everyFourth = new Set(Array.from({ length: size }, (_, index) => index).filter((index) => index % 4 === 0));
      expect(drive(size, everyFourth).trials).toBeLessThanOrEqual(size + 60);
    }),
    { numRuns: 20 },
  );
});

test('a batch of nobody is not tried', () => {
  expect(drive(0, new Set()).trials).toBe(0);
});

/** The groups that are tried once the last bad item stands alone. */
function afterTheLast(size: number, bad: readonly number[]) {
  const { groups } = drive(size, new Set(bad));
  return groups.slice(groups.findIndex((group) => group.length === 1 && group[0] === bad.at(-1)) + 1);
}

test('after five bad items, more than one in eight, the rest go one by one; after four they do not', () => {
  const rest = (bad: number[]) => afterTheLast(64, bad).map((group) => group.length);
  expect(new Set(rest([0, 1, 2, 3, 4]))).toEqual(new Set([1]));
  expect(Math.max(...rest([0, 1, 2, 3]))).toBeGreaterThan(1);
});

test('exactly one bad item in eight is not many, and one in sixteen never is', () => {
  expect(afterTheLast(80, [3, 11, 19, 27, 39])[0]).toHaveLength(40);
  const everySixteenth = Array.from({ length: 30 }, (_, index) => index * 16);
  expect(afterTheLast(960, everySixteenth)[0]?.length).toBeGreaterThan(1);
});
