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
  return uuidOf(((1n << 128n) * BigInt(index)) / BigInt(count) - 1n);
}

function uuidOf(number: bigint): string {
  const hex = number.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** The lower and the upper half of a range; null: it is a 4096th of the space or less, and users are spread over all of it. */
export function halvesOf({ after, upTo }: Bounds): [Bounds, Bounds] | null {
  const low = after === null ? -1n : numberOf(after);
  const high = upTo === null ? (1n << 128n) - 1n : numberOf(upTo);
  if (high - low <= 1n << 116n) return null;
  const middle = uuidOf((low + high) / 2n);
  return [
    { after, upTo: middle },
    { after: middle, upTo },
  ];
}

function numberOf(uuid: string): bigint {
  return BigInt(`0x${uuid.replaceAll('-', '')}`);
}
