/** The middle of some numbers; of an even count, the mean of the two in the middle. Throws when there is none. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [below, above] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  if (below === undefined || above === undefined) throw new RangeError('no numbers');
  return (below + above) / 2;
}

/** The number that a share of all is not above: the smallest of them for which that is true. Throws when there is none. */
export function percentile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('no numbers');
  return found;
}

/** y = factor · x^exponent through points, by least squares of the logarithms; null with fewer than two different x. */
export function powerLaw(points: readonly (readonly [number, number])[]): { exponent: number; factor: number } | null {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const [meanX, meanY] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const spread = sum(logs.map(([x]) => (x - meanX) ** 2));
  if (spread === 0 || points.length < 2) return null;
  const exponent = sum(logs.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  return { exponent, factor: Math.exp(meanY - exponent * meanX) };
}

function mean(numbers: readonly number[]): number {
  return sum(numbers) / numbers.length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
