import { createHash } from 'node:crypto';
import { html } from 'hono/html';
import type { PastRun } from '../../past-run.ts';
import { printable } from '../printable.ts';
import { chartOf } from './chart.ts';
import { documentOf } from './document.ts';
import { answerText, heroHtml } from './hero.ts';
import { inOrder } from './past.ts';
import { runsTable } from './runs-table.ts';
import { STYLE } from './style.ts';
import { asTime, moment } from './times.ts';
import { verdictOf } from './verdict.ts';

/** Everything that the file tells of. */
export interface HistoryView {
  /** In any order. */
  runs: readonly PastRun[];
  /** Whose runs: those of others are left out. null: all, which then have one target. */
  target: string | null;
  /** ISO 8601 */
  now: string;
  version: string;
}

/** Enough to look something up; the chart shows all of them. */
const ROWS = 100;

/** The history of a target as an HTML file: what the last run says, the chart, the runs. It loads nothing and runs nothing. */
export function renderHistoryPage({ runs, target, now, version }: HistoryView): string {
  const own = inOrder(runs, target);
  const verdict = verdictOf({
    runs: own,
    target: target ?? own.at(-1)?.target ?? null,
    expectedBy: () => null,
    waiting: null,
    silent: null,
    now,
    saying: asTime,
  });
  const shown = own.length === 0 ? { ...verdict, text: 'The history has no run yet' } : verdict;
  return documentOf({
    title: `${answerText(shown)} – userdrift`,
    head: html`<meta http-equiv="Content-Security-Policy" content="${policy()}">`,
    header: html`<p class="soft">history${target !== null && html` of ${printable(target, true)}`}</p>`,
    body: html`${heroHtml(shown, chartOf(own, now, 'history'), 'target')}${runsTable(own, ROWS)}`,
    footer: html`Made ${moment(now)} UTC by userdrift ${version}.`,
  });
}

function policy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}
