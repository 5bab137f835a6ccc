import fc from 'fast-check';
import { expect, test } from 'vitest';
import { halvesOf, shardBounds } from '../../src/sql/shard.ts';

test('shards cover the uuid space without gap or overlap', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), (count) => {
      const shards = Array.from({ length: count }, (_, index) => shardBounds({ index: index + 1, count }));
      expect(shards[0]?.after).toBeNull();
      expect(shards.at(-1)?.upTo).toBeNull();
      for (const [index, shard] of shards.slice(1).entries()) expect(shard.after).toBe(shards[index]?.upTo);
    }),
  );
});

test('every uuid lies in exactly one shard, and shards are of equal size', () => {
  expect(shardBounds({ index: 1, count: 2 }).upTo).toBe('7fffffff-ffff-ffff-ffff-ffffffffffff');
  fc.assert(
    fc.property(fc.uuid(), fc.integer({ min: 1, max: 64 }), (id, count) => {
      const holders = Array.from({ length: count }, (_, index) => shardBounds({ index: index + 1, count })).filter(
        ({ after, upTo }) => (after === null || id > after) && (upTo === null || id <= upTo),
      );
      expect(holders).toHaveLength(1);
    }),
  );
});

test('halves cover a range without gap or overlap, down to a 4096th of the space', () => {
  expect(halvesOf({ after: null, upTo: null })).toEqual([
    { after: null, upTo: '7fffffff-ffff-ffff-ffff-ffffffffffff' },
    { after: '7fffffff-ffff-ffff-ffff-ffffffffffff', upTo: null },
  ]);
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (turns) => {
      let range: ReturnType<typeof shardBounds> = { after: null, upTo: null };
      let depth = 0;
      for (const upper of turns) {
        const halves = halvesOf(range);
        if (!halves) break;
        const [low, high] = halves;
        expect([low.after, low.upTo, high.upTo]).toEqual([range.after, high.after, range.upTo]);
        range = upper ? high : low;
        depth += 1;
      }
      expect(depth).toBe(12);
    }),
  );
});
