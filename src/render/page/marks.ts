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

/** A band over each stretch without a run, with its words where there is room. */
export function bands(gaps: readonly Stretch[], plane: Plane): Html[] {
  return gaps
    .map((gap) => ({ gap, x: plane.x(gap.from), width: plane.x(gap.to) - plane.x(gap.from) }))
    .filter(({ width }) => width >= BAND_LEAST)
    .map(
      ({ gap, x, width }) =>
        html`<g class="gap"><title>${gapText(gap)}</title><rect x="${px(x)}" y="${plane.top}" width="${px(width)}" height="${px(plane.row + 7 - plane.top)}"/>${
          gapText(gap).length * LETTER < width
            ? html`<text class="middle" x="${px(x + width / 2)}" y="${px((plane.top + plane.base) / 2 + 4)}">${gapText(gap)}</text>`
            : ''
        }</g>`,
    );
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

function bar({ found }: Bucket, { y, base }: Plane, middle: number, room: number): Html | string {
  if (!found) return '';
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, room - 1.5));
  const high = top(y(found), found, base);
  return html`<rect class="found" x="${px(middle - width / 2)}" y="${px(high)}" width="${px(width)}" height="${px(base - high)}"/>`;
}

function ending({ failed, stopped }: Bucket, middle: number, room: number, row: number): Html {
  const at = `translate(${px(middle)} ${px(row)})`;
  if (failed > 0) return html`<path class="failed" transform="${at}" d="${CROSS}"/>`;
  if (stopped > 0) return html`<path class="stopped" transform="${at}" d="${TRIANGLE}"/>`;
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, room - 1.5));
  return html`<rect class="done" x="${px(middle - width / 2)}" y="${px(row - 1.5)}" width="${px(width)}" height="3"/>`;
}

function top(height: number, value: number, base: number): number {
  return value > 0 ? Math.min(height, base - LEAST_BAR) : height;
}
