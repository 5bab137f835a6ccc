import { chartOf } from '../src/render/page/chart.ts';
import { DRAWING_STYLE } from '../src/render/page/chart-style.ts';
import { THEME } from '../src/render/page/theme.ts';
import { twoWeeks } from './sample-runs.ts';

/** The chart of the status page as a picture of its own, of made-up runs: for the documentation. */
export function chartImage(): string {
  const [wide] = chartOf(twoWeeks(), '2026-11-16T23:22:00.000Z', 'example')?.drawings ?? [];
  if (wide === undefined) throw new Error('the sample runs make no chart');
  const style = `<style>${THEME}.chart { background: var(--card); }\n${DRAWING_STYLE}</style>`;
  const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(String(wide)) ?? [];
  const frame = `viewBox="-12 -8 ${Number(width) + 24} ${Number(height) + 16}"`;
  return `${String(wide)
    .replace(/viewBox="[^"]*"/, frame)
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('</desc>', `</desc>\n${style}`)}\n`;
}
