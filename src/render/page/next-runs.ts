import { html } from 'hono/html';
import type { LineStatus } from '../../status.ts';
import { printable } from '../printable.ts';
import { age } from '../units.ts';
import type { Html } from './parts.ts';

/** The lines of the crontab and when each runs next; `next` and `now` as ISO 8601. */
export function nextRuns(
  lines: readonly LineStatus[],
  next: (line: LineStatus) => string | null,
  now: string,
): Html | null {
  if (lines.length === 0) return null;
  return html`<section>
<h2>Next runs</h2>
<table class="next">
<thead><tr><th scope="col">Next</th><th scope="col">Command</th><th scope="col">Times</th><th scope="col">Last good run</th></tr></thead>
<tbody>${lines.map(
    (line) =>
      html`<tr><td class="when">${nextText(line, next(line), now)}</td><td class="what"><code>userdrift ${printable(line.shown, true)}</code></td><td class="times"><code>${line.time}</code> <span class="soft">${line.timeZone}</span></td><td class="last${line.last === null ? '' : ' ran'}">${lastText(line, now)}</td></tr>
`,
  )}</tbody>
</table>
</section>
`;
}

function nextText({ runningSince }: LineStatus, next: string | null, now: string): Html {
  if (runningSince) return html`<b>running for ${age(runningSince, now)}</b>`;
  return next === null ? html`never` : html`in ${age(now, next)} <span class="soft">${clock(next, now)} UTC</span>`;
}

/** The day only where it is another one. */
function clock(next: string, now: string): string {
  return next.slice(0, 10) === now.slice(0, 10) ? next.slice(11, 16) : `${next.slice(5, 10)} ${next.slice(11, 16)}`;
}

function lastText({ last, lastGoodAt }: LineStatus, now: string): Html {
  if (lastGoodAt !== null) return html`${age(lastGoodAt, now)} ago`;
  return html`<span class="soft">${last === null ? 'not run yet' : 'none yet'}</span>`;
}
