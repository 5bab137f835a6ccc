import { createHash } from 'node:crypto';
import { html } from 'hono/html';
import { LONG_MS } from '../../history/summary.ts';
import type { PastRun } from '../../past-run.ts';
import { printable } from '../printable.ts';
import { chartOf } from './chart.ts';
import { documentOf } from './document.ts';
import { heroHtml, overviewHtml, titleOf } from './hero.ts';
import { inOrder } from './past.ts';
import { runsTable } from './runs-table.ts';
import { STYLE } from './style.ts';
import { asTime, moment } from './times.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Everything that the file tells of. */
export interface HistoryView {
  /** In any order. */
  runs: readonly PastRun[];
  /** Whose runs: those of others are left out. null: all, each target by itself. */
  target: string | null;
  /** ISO 8601 */
  now: string;
  version: string;
}

/** Enough to look something up; the chart shows all of them. */
const ROWS = 100;

/** The history of a target as an HTML file: what the last run says, the chart, the runs. It loads nothing and runs nothing. */
export function renderHistoryPage({ runs, target, now, version }: HistoryView): string {
  const blocks = targetsOf(runs, target).map((name, index) => ({
    name: `target-${index + 1}`,
    runs: inOrder(runs, name),
    verdict: verdictIn(inOrder(runs, name), name, now),
  }));
  const verdicts = blocks.map(({ verdict }) => verdict);
  const names = blocks.map(({ name }) => name);
  return documentOf({
    title: titleOf(verdicts),
    head: html`<meta http-equiv="Content-Security-Policy" content="${policy()}">`,
    header: html`<p class="soft">history${target !== null && html` of ${printable(target, true)}`}</p>`,
    body: html`${blocks.length > 1 && overviewHtml(verdicts, names)}${blocks.map(
      ({ name, runs: own, verdict }) =>
        html`${heroHtml(verdict, chartOf(own, now, `${name}-chart`), name)}${runsTable(own, ROWS)}`,
    )}`,
    footer: html`Made ${moment(now)} UTC by userdrift ${version}.`,
  });
}

/** Without one that is meant, each that has a run: what is true of one says nothing of another. */
function targetsOf(runs: readonly PastRun[], target: string | null): (string | null)[] {
  const found = [...new Set(runs.map((run) => run.target))].sort();
  return target !== null || found.length === 0 ? [target] : found;
}

function verdictIn(runs: readonly PastRun[], target: string | null, now: string): Verdict {
  const verdict = verdictOf({
    runs,
    target,
    expectedBy: () => null,
    waiting: null,
    holdsMs: LONG_MS,
    silent: null,
    now,
    saying: asTime,
  });
  return runs.length === 0 ? { ...verdict, text: 'The history has no run yet' } : verdict;
}

function policy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
