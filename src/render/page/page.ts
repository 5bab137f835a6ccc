import { html } from 'hono/html';
import type { Health, Status } from '../../status.ts';
import { age, span } from '../units.ts';
import { blocksOf } from './blocks.ts';
import { documentOf } from './document.ts';
import { overviewHtml, titleOf } from './hero.ts';
import { nextRuns } from './next-runs.ts';
import type { PageView } from './page-view.ts';
import type { Html } from './parts.ts';
import { blockHtml, blockVerdict, detailsHtml } from './target-block.ts';
import { moment } from './times.ts';

const REFRESH_SECONDS = 30;

/** The status page: are all users there, and what do the runs tell? It comes again by itself. */
export function renderPage(view: PageView): string {
  const { status, health, now, version } = view;
  const { blocks, others } = blocksOf(status);
  const verdicts = blocks.map((block) => blockVerdict(block, view));
  const names = blocks.map((_, index) => `target-${index + 1}`);
  return documentOf({
    title: titleOf(verdicts),
    head: html`<meta http-equiv="refresh" content="${REFRESH_SECONDS}">`,
    header: html`${badge(health)}<p class="soft">${healthLine(health, now)}</p>`,
    body: html`${blocks.length > 1 && overviewHtml(verdicts, names)}${blocks.map((block, index) => blockHtml(block, view, names[index] ?? ''))}${nextRuns(others, view.next, now)}${detailsHtml(others, now)}`,
    footer: footer(status, now, version),
  });
}

/** Before the first good run nothing is proved, and nothing is late. */
function badge({ healthy, lastGoodAt }: Health): Html {
  if (!healthy) return html`<span class="badge bad">unhealthy</span>`;
  return lastGoodAt === null
    ? html`<span class="badge warn">waiting</span>`
    : html`<span class="badge good">healthy</span>`;
}

function healthLine({ why, lastGoodAt, maxAgeSeconds }: Health, now: string): string {
  const last = lastGoodAt === null ? '' : `${age(lastGoodAt, now)} ago, `;
  return `${why} (${last}limit ${span(maxAgeSeconds * 1000)})`;
}

function footer({ startedAt }: Status, now: string, version: string): Html {
  return html`As of ${moment(now)} UTC; running for ${age(startedAt, now)}; userdrift ${version}.
<a href="report.json">Last report</a> and <a href="metrics">metrics</a>.`;
}
