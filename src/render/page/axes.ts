import { html } from 'hono/html';
import type { Html } from './parts.ts';
import { type Plane, px, tickText } from './scales.ts';
import { axisNote, tickLabels } from './times.ts';

/** Grid lines and numbers on the left, times below, both with few labels. */
export function axes(plane: Plane, ticks: number): Html {
  const dates = plane.x.ticks(ticks);
  return html`<text class="axis" x="0" y="12">users missing</text><text class="axis end" x="${plane.right}" y="12">${axisNote(dates)}</text>${rungs(plane)}${times(plane, dates)}`;
}

function rungs({ yTicks, y, left, right }: Plane): Html[] {
  return yTicks.map(
    (tick) =>
      html`<line class="${tick === 0 ? 'zero' : 'rung'}" x1="${px(left)}" x2="${px(right)}" y1="${px(y(tick))}" y2="${px(y(tick))}"/><text class="axis end" x="${px(left - 6)}" y="${px(y(tick) + 4)}">${tickText(tick)}</text>`,
  );
}

function times({ x, left, right, row }: Plane, ticks: readonly Date[]): Html[] {
  return tickLabels(ticks).map((label, index) => {
    const at = x(ticks[index] ?? 0);
    const half = (label.length * 6.4) / 2;
    const anchor = at - half < left - 20 ? 'start' : at + half > right + 12 ? 'end' : 'middle';
    return html`<text class="axis ${anchor}" x="${px(at)}" y="${px(row + 25)}">${label}</text>`;
  });
}
