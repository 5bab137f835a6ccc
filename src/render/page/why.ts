import { html } from 'hono/html';
import type { Report } from '../../report.ts';
import { failureKinds } from '../failures.ts';
import { causeFields } from '../notes.ts';
import { nameOf } from '../sqlstate-names.ts';
import { counted, thousands } from '../units.ts';
import { type Html, partsHtml } from './parts.ts';
import { moment } from './times.ts';

const KINDS_SHOWN = 12;

/** Why users are missing: what the catalog tells, and which constraints refused them. `reports` printable, of one target; null: nothing to say. */
export function whyHtml(reports: readonly Report[]): Html | null {
  const causes = new Map(reports.flatMap(({ causes: all }) => all.map((cause) => [cause.message, cause] as const)));
  const failing = reports.filter(({ failuresTotal }) => failuresTotal > 0);
  const [report] = reports;
  if (report === undefined || (causes.size === 0 && failing.length === 0)) return null;
  return html`<section>
<h2>Why</h2>
${partsHtml([causeFields({ ...report, causes: [...causes.values()] })])}
${failing.map(failuresHtml)}
</section>
`;
}

/** By code, constraint and column; the rows add up to the number above them. */
function failuresHtml({ command, startedAt, failures, failuresTotal }: Report): Html {
  const kinds = failureKinds(failures).slice(0, KINDS_SHOWN);
  const unshown = failuresTotal - kinds.reduce((sum, { count }) => sum + count, 0);
  return html`<p class="lead">The database refused ${counted(failuresTotal, 'user')} <span class="soft">${command} of ${moment(startedAt)} UTC</span></p>
<table class="failures">
<thead><tr><th scope="col" class="number">Users</th><th scope="col">Code</th><th scope="col">Constraint</th><th scope="col">Column</th></tr></thead>
<tbody>${kinds.map(
    ({ sample, count }) =>
      html`<tr><td class="number">${thousands(count)}</td><td><code>${sample.code}</code> <span class="soft">${nameOf(sample.code)}${sample.op === 'refresh' ? ', while refreshing' : ''}</span></td><td>${name(sample.constraint)}</td><td>${name(sample.column)}</td></tr>`,
  )}${unshown > 0 && html`<tr><td class="number">${thousands(unshown)}</td><td>others</td><td></td><td></td></tr>`}</tbody>
</table>
`;
}

function name(text: string | null): Html | string {
  return text === null ? '' : html`<code>${text}</code>`;
}
