import { driftOf } from '../history/series.ts';
import type { PastRun } from '../past-run.ts';
import { code } from './markdown.ts';

const MOST = 30;
/** Fewer are no course of anything. */
const FEWEST = 3;

/**
 * The drift that the last runs found, as Markdown with a chart for Mermaid: two axes and bars, all of it numbers and words of
 * ours. Empty where there is nothing to show.
 */
export function driftChart(runs: readonly PastRun[]): string {
  const points = driftOf(runs).slice(-MOST);
  const [first, last] = [points.at(0), points.at(-1)];
  if (points.length < FEWEST || !first || !last) return '';
  const span = `${momentOf(first.at)} to ${momentOf(last.at)} UTC`;
  const counts = points.map(({ missing }) => missing);
  const most = Math.max(...counts);
  if (most === 0) return `Nobody was missing in any of the last ${points.length} runs (${span}).`;
  return [
    `**Missing users, as the last ${points.length} runs over all users found them:**`,
    '',
    '```mermaid',
    'xychart-beta',
    `  x-axis "runs, ${span}" 1 --> ${points.length}`,
    `  y-axis "missing users" 0 --> ${most}`,
    `  bar [${counts.join(', ')}]`,
    '```',
    '',
    `All of the past: ${code('userdrift history')}`,
  ].join('\n');
}

function momentOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
