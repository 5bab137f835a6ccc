import plot, { type Settings } from 'simple-ascii-chart';
import { type Point, thinned } from '../../history/series.ts';
import type { Look } from '../look.ts';
import { thousands } from '../units.ts';
import { columns } from '../wrap.ts';

const ROWS = 6;
const WIDEST = 80;
const INDENT = 2;
/** Fewer are told as well by the table. */
const FEWEST = 4;

const ASCII: NonNullable<Settings['symbols']> = {
  chart: { we: '-', wns: '+', ns: '|', nse: '+', wsn: '+', sne: '+' },
};

/** How many each run found missing, as a line over the runs; nothing where it would show nothing. */
export function driftPlot(points: readonly Point[], look: Look): string[] {
  const most = Math.max(0, ...points.map(({ missing }) => missing));
  if (points.length < FEWEST || most === 0) return [];
  const label = columns(thousands(most));
  const width = Math.min(look.width - INDENT - label - 2, WIDEST);
  const body = lines(thinned(points, width), width, most, look);
  return body.map((line, index) => {
    const tick = index === 0 ? thousands(most) : index === body.length - 1 ? '0' : '';
    return `${' '.repeat(INDENT)}${tick.padStart(label)} ${look.unicode ? '┤' : '|'}${line}`.trimEnd();
  });
}

function lines(points: readonly Point[], width: number, most: number, { unicode }: Look): string[] {
  const drawn = plot(
    points.map(({ missing }, index): [number, number] => [index, missing]),
    {
      width,
      height: ROWS,
      yRange: [0, most],
      hideXAxis: true,
      hideYAxis: true,
      ...(unicode ? {} : { symbols: ASCII }),
    },
  );
  const all = drawn.split('\n').map((line) => line.trimEnd());
  // It leaves an empty line above and below, the room of its axes on the right, and all below the lowest number away.
  const body = all.slice(all.findIndex(Boolean), all.findLastIndex(Boolean) + 1);
  return [...body, ...Array.from({ length: ROWS - body.length }, () => '')];
}
