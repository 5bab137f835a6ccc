import { html } from 'hono/html';
import type { PastRun } from '../../past-run.ts';
import { printable } from '../printable.ts';
import { duration, thousands } from '../units.ts';
import type { Html } from './parts.ts';
import { type Ending, endingOf, leftAfter } from './past.ts';
import { moment } from './times.ts';

const TONES: Record<Ending, string> = { done: 'good', failed: 'bad', stopped: 'warn' };
const COUNTS = ['missing', 'inserted', 'failed', 'left'] as const;

/** The last `most` runs of those given in ascending order, the newest first; null without any. */
export function runsTable(runs: readonly PastRun[], most: number): Html | null {
  if (runs.length === 0) return null;
  const shown = runs.slice(-most).reverse();
  const rest = runs.length - shown.length;
  return html`<section>
<h2>Last runs</h2>
<table class="runs">
<thead><tr><th scope="col">Started (UTC)</th><th scope="col">Command</th><th scope="col">Verdict</th><th scope="col" class="number">Missing</th><th scope="col" class="number">Inserted</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Still missing</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${shown.map(rowOf)}</tbody>
</table>
${rest > 0 && html`<p class="soft">and ${thousands(rest)} before them</p>`}
</section>
`;
}

function rowOf(run: PastRun): Html {
  const counts = { missing: run.missing, inserted: run.inserted, failed: run.failed, left: leftAfter(run) };
  return html`<tr><td class="when"><time datetime="${run.startedAt}">${moment(run.startedAt)}</time></td><td class="what">${commandOf(run)}</td><td class="end"><b class="word ${toneOf(run)}">${run.verdict.replace('_', ' ')}</b>${run.reason && html` <span class="soft">${printable(run.reason, true)}</span>`}</td>${COUNTS.map((name) => countCell(name, counts[name]))}<td class="number took">${duration(run.durationMs)}</td></tr>
`;
}

function toneOf(run: PastRun): string {
  if (run.verdict === 'drift' || run.verdict === 'unrepaired') return 'bad';
  return TONES[endingOf(run)];
}

function commandOf({ command, dryRun, namedUsers, shard, since }: PastRun): string {
  const details = [
    dryRun ? 'dry run' : '',
    namedUsers === null ? '' : `${thousands(namedUsers)} named`,
    shard === null ? '' : `shard ${printable(shard, true)}`,
    since === null ? '' : 'since',
  ].filter(Boolean);
  return [command, ...details].join(', ');
}

/** Zero steps back, so that the eye finds what is not; not measured is no number. */
function countCell(name: (typeof COUNTS)[number], count: number | null): Html {
  const kind = count === null || count === 0 ? ' none' : name === 'failed' || name === 'left' ? ' loud' : '';
  return html`<td class="number ${name}${kind}">${count === null ? '–' : thousands(count)}</td>`;
}
