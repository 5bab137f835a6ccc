import { html, raw } from 'hono/html';
import type { Health, LineStatus, Status } from '../../status.ts';
import { age, span } from '../units.ts';
import { lineHtml } from './line.ts';
import type { Html } from './parts.ts';
import { STYLE } from './style.ts';

/** Everything that the page tells of. */
export interface PageView {
  status: Status;
  health: Health;
  /** When a line runs next, ISO 8601; null: never. */
  next: (line: LineStatus) => string | null;
  /** ISO 8601 */
  now: string;
  version: string;
}

const REFRESH_SECONDS = 30;

/** The status page: a whole HTML document without scripts. Everything in it is escaped but the style sheet. */
export function renderPage(view: PageView): string {
  const { status, health, now, version } = view;
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<meta name="robots" content="noindex">
<title>${health.healthy ? '' : '✗ '}userdrift</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<header>
<h1>userdrift</h1>
${badge(health)}
<p class="soft">${healthLine(health, now)}</p>
</header>
${status.lines.map((line) => lineHtml(line, view.next(line), now))}
<footer>${footer(status, now, version)}</footer>
</main>
</body>
</html>
`);
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

/** `2026-11-16 12:00` */
function moment(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
