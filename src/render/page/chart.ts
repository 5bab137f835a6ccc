import { html } from 'hono/html';
import type { PastRun } from '../../past-run.ts';
import { axes } from './axes.ts';
import { chartSummary } from './chart-text.ts';
import { gapsIn, type Stretch } from './gaps.ts';
import { bands, calmLine, columns, outline } from './marks.ts';
import type { Html } from './parts.ts';
import { startOf } from './past.ts';
import { heightOf, type Plane, planeOf, type Size } from './scales.ts';
import { type Bucket, bucketsOf, type Drawn, drawn, levelsOf } from './series.ts';

/** A page has both, and shows the one that fits: one drawing for all would be unreadable on a phone. */
export const SIZES: readonly Size[] = [
  { name: 'wide', width: 840, height: 240, ticks: 7, buckets: 140 },
  { name: 'narrow', width: 360, height: 220, ticks: 3, buckets: 56 },
];

/** What the runs of one target came to over time: the drawing in each size, and the same in words. */
export interface Chart {
  drawings: Html[];
  legend: Html;
  summary: string[];
}

/** The chart of `runs`, ascending, up to `now` (ISO 8601); null without any. `name` is unlike that of any other chart of the page. */
export function chartOf(runs: readonly PastRun[], now: string, name: string): Chart | null {
  const what = drawn(runs, Date.parse(now));
  if (what.runs.length === 0) return null;
  const gaps = gapsIn(what.runs.map(startOf), what.to);
  const summary = chartSummary(what, gaps);
  return {
    drawings: SIZES.map((size) => drawing(what, gaps, summary, size, `${name}-${size.name}`)),
    legend: legendOf(bucketsOf(what, SIZES[0]?.buckets ?? 1), gaps),
    summary,
  };
}

function drawing(what: Drawn, gaps: readonly Stretch[], summary: readonly string[], size: Size, id: string): Html {
  const buckets = bucketsOf(what, size.buckets);
  const highest = Math.max(0, ...buckets.flatMap(({ found, left }) => [found ?? 0, left ?? 0]));
  const plane = planeOf(size, spanOf(what, buckets), highest);
  return html`<svg class="chart ${size.name}" viewBox="0 0 ${size.width} ${heightOf(size.height, plane.calm)}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">Users missing, over time</title><desc id="${id}-desc">${summary.join(' ')}</desc>
${axes(plane, size.ticks)}${bands(gaps, plane)}${curve(buckets, gaps, plane, what.to)}${columns(buckets, plane)}
</svg>`;
}

/** A bucket may begin before the first run, and end after the last. */
function spanOf({ from, to }: Drawn, buckets: readonly Bucket[]): Stretch {
  return { from: Math.min(from, buckets[0]?.from ?? from), to: Math.max(to, buckets.at(-1)?.to ?? to) };
}

function curve(buckets: readonly Bucket[], gaps: readonly Stretch[], plane: Plane, to: number): Html {
  const levels = levelsOf(buckets, gaps, to);
  if (!plane.calm) return outline(levels, plane);
  if (buckets.some(({ found }) => found !== null)) return calmLine(levels, plane);
  return html`<text class="axis" x="${plane.left + 8}" y="${plane.base - 10}">no run could count</text>`;
}

/** Only what the chart has. */
function legendOf(buckets: readonly Bucket[], gaps: readonly Stretch[]): Html {
  const some = (has: (bucket: Bucket) => unknown) => buckets.some(has);
  const keys = [
    some(({ found, left }) => (found ?? 0) > (left ?? 0)) && ['found', 'found missing and repaired'],
    some(({ left }) => left) && ['left', 'still missing after the run'],
    some(({ failed }) => failed) && ['failed', 'run failed'],
    some(({ stopped }) => stopped) && ['stopped', 'run held back'],
    gaps.length > 0 && ['gap', 'nothing ran'],
  ].filter((key) => Array.isArray(key));
  return html`${keys.map(([mark, text]) => html`<li><i class="key ${mark}"></i>${text}</li>`)}`;
}
