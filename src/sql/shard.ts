export interface Bounds {
  /** exclusive; null: from the start (the nil uuid is a uuid) */
  after: string | null;
  /** inclusive; null: to the end */
  upTo: string | null;
}

/** The part of the uuid space that belongs to shard `index` of `count`, counted from 1: equal ranges without gap or overlap. */
export function shardBounds(shard: { index: number; count: number } | null): Bounds {
  if (!shard) return { after: null, upTo: null };
  const { index, count } = shard;
  return {
    after: index === 1 ? null : lastOf(index - 1, count),
    upTo: index === count ? null : lastOf(index, count),
  };
}

function lastOf(index: number, count: number): string {
  const last = ((1n << 128n) * BigInt(index)) / BigInt(count) - 1n;
  const hex = last.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
