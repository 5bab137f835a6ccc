import { area, line, symbol, symbolTimes, symbolTriangle } from 'd3-shape';
import { html } from 'hono/html';
import { gapText, hint } from './chart-text.ts';
import type { Stretch } from './gaps.ts';
import type { Html } from './parts.ts';
import { type Plane, px } from './scales.ts';
import type { Bucket, Level } from './series.ts';

/** So that one user in a scale of thousands is seen. */
const LEAST_BAR = 3;
const LEAST_WIDTH = 2;
const MOST_WIDTH = 10;
const CROSS = symbol(symbolTimes, 22).digits(1)() ?? '';
const TRIANGLE = symbol(symbolTriangle, 34).digits(1)() ?? '';
/** Narrower than that, a band would be taken for a line that means something. */
const BAND_LEAST = 4;
const LETTER = 6.6;
const HATCH = 9;

/** A hatched band over each stretch without a run, with its words where there is room. */
export function bands(gaps: readonly Stretch[], plane: Plane): Html[] {
  return gaps
    .map((gap) => ({ gap, x: plane.x(gap.from), width: plane.x(gap.to) - plane.x(gap.from) }))
    .filter(({ width }) => width >= BAND_LEAST)
    .map(({ gap, x, width }) => {
      const height = plane.base - plane.top;
      return html`<g class="gap"><title>${gapText(gap)}</title><rect x="${px(x)}" y="${plane.top}" width="${px(width)}" height="${height}"/><path d="${hatch(x, plane.top, width, height)}"/>${bandText(gap, plane, x + width / 2, width)}</g>`;
    });
}

/** Two lines need half of the room of one. */
function bandText(gap: Stretch, { top, base }: Plane, middle: number, width: number): Html | string {
  const words = gapText(gap);
  const cut = words.indexOf(' for ');
  const lines = [words.slice(0, cut), words.slice(cut + 1)];
  if (Math.max(...lines.map((each) => each.length)) * LETTER > width) return '';
  return html`${lines.map((each, index) => html`<text class="middle" x="${px(middle)}" y="${px((top + base) / 2 - 4 + index * 16)}">${each}</text>`)}`;
}

/** Slanted lines that fill a rectangle: a pattern would need an address, which a page without any need not have. */
function hatch(x: number, y: number, width: number, height: number): string {
  const count = Math.ceil((width + height) / HATCH);
  return Array.from({ length: count }, (_, index) => {
    const shift = index * HATCH - height;
    const [from, to] = [Math.max(0, -shift), Math.min(height, width - shift)];
    const point = (at: number) => `${px(x + shift + at)} ${px(y + height - at)}`;
    return to > from ? `M${point(from)}L${point(to)}` : '';
  }).join('');
}

/** How many were missing from one run to the next, as a filled outline. */
export function outline(levels: readonly Level[], { x, y, base, right }: Plane): Html {
  const steps = levels.flatMap(({ at, left }, index) => [
    { x: x(at), left },
    { x: levels[index + 1] ? x(levels[index + 1]?.at ?? 0) : right, left },
  ]);
  const height = (left: number | null) => (left === null ? base : top(y(left), left, base));
  const fill = area<(typeof steps)[number]>()
    .defined(({ left }) => left !== null && left > 0)
    .x((step) => step.x)
    .y0(base)
    .y1(({ left }) => height(left))
    .digits(1);
  return html`<path class="left" d="${fill(steps) ?? ''}"/>`;
}

/** Nobody was missing: a flat line, where somebody knew. */
export function calmLine(levels: readonly Level[], { x, base, left, right }: Plane): Html {
  const steps = levels.flatMap((level, index) => [
    { x: x(level.at), known: level.left !== null },
    { x: levels[index + 1] ? x(levels[index + 1]?.at ?? 0) : right, known: level.left !== null },
  ]);
  const flat = line<(typeof steps)[number]>()
    .defined(({ known }) => known)
    .x((step) => step.x)
    .y(base)
    .digits(1);
  return html`<path class="calm" d="${flat(steps) ?? ''}"/><text class="calm-label" x="${px(left + 8)}" y="${px(base - 10)}">0 missing</text>`;
}

/** What the runs found, a bar each, and how they ended, in the row below zero. Each says its numbers to whoever points at it. */
export function columns(buckets: readonly Bucket[], plane: Plane): Html[] {
  return buckets.map((bucket) => {
    const from = plane.x(bucket.from);
    const width = plane.x(bucket.to) - from;
    return html`<g class="run"><title>${hint(bucket)}</title><rect class="hit" x="${px(from)}" y="${plane.top}" width="${px(width)}" height="${px(plane.row + 7 - plane.top)}"/>${bar(bucket, plane, from + width / 2, width)}${ending(bucket, from + width / 2, width, plane.row)}</g>`;
  });
}

/** What was repaired stands on what was left. */
function bar({ found, left }: Bucket, { y, base }: Plane, middle: number, room: number): Html | string {
  if (!found || found <= (left ?? 0)) return '';
  const low = left ? top(y(left), left, base) : base;
  const high = Math.min(top(y(found), found, base), low - 1);
  const width = barWidth(room);
  return html`<rect class="found" x="${px(middle - width / 2)}" y="${px(high)}" width="${px(width)}" height="${px(low - high)}"/>`;
}

function barWidth(room: number): number {
  return Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, room - 1.5));
}

function ending({ failed, stopped }: Bucket, middle: number, room: number, row: number): Html {
  const at = `translate(${px(middle)} ${px(row)})`;
  if (failed > 0) return html`<path class="failed" transform="${at}" d="${CROSS}"/>`;
  if (stopped > 0) return html`<path class="stopped" transform="${at}" d="${TRIANGLE}"/>`;
  const width = barWidth(room);
  return html`<rect class="done" x="${px(middle - width / 2)}" y="${px(row - 1.5)}" width="${px(width)}" height="3"/>`;
}

function top(height: number, value: number, base: number): number {
  return value > 0 ? Math.min(height, base - LEAST_BAR) : height;
}
