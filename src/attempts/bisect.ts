/** What a trial of a group showed: all of it is settled, or some row in it is to blame. */
export type Trial = 'taken' | 'rejected';

/** More failures than this in a batch, and more than one id in eight, make singles cheaper than halves. */
const MANY = 5;

/**
 * Splits a batch until the bad ids stand alone. Yields the group to try next and is told how it went; a group of one
 * that is rejected is a bad id. Order is kept. One bad id in n costs at most 2·log2(n) trials besides the first.
 */
export function* bisect<T>(items: readonly T[]): Generator<readonly T[], void, Trial> {
  const pending = items.length > 0 ? [items] : [];
  let settled = 0;
  let failed = 0;
  let singly = false;
  for (let group = pending.pop(); group; group = pending.pop()) {
    singly ||= failed >= MANY && failed * 8 > settled;
    if (singly && group.length > 1) {
      pending.push(...group.map((item) => [item]).reverse());
      continue;
    }
    const trial = yield group;
    if (trial === 'taken' || group.length === 1) {
      settled += group.length;
      failed += trial === 'rejected' ? 1 : 0;
    } else {
      const middle = Math.ceil(group.length / 2);
      pending.push(group.slice(middle), group.slice(0, middle));
    }
  }
}
