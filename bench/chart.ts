import plot, { type Point } from 'simple-ascii-chart';

/** Points on logarithmic axes: what grows by a power is a straight line, and one that grows alike has a slope of one. */
export function logChart(points: readonly (readonly [number, number])[], xLabel: string): string {
  const logs = points.map(([x, y]): Point => [Math.log10(x), Math.log10(y)]);
  return plot(logs, {
    width: 60,
    height: 12,
    xLabel,
    mode: 'point',
    formatter: (value) => shorten(10 ** value),
  })
    .replace(/[ \t]+$/gm, '')
    .trim();
}

/** 1,500,000 → 1.5M */
function shorten(number: number): string {
  const [size, unit] = number >= 1e6 ? [1e6, 'M'] : number >= 1000 ? [1000, 'k'] : [1, ''];
  return `${Number((number / size).toPrecision(2))}${unit}`;
}
