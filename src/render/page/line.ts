import { html } from 'hono/html';
import type { Report } from '../../report.ts';
import type { LineStatus, Outcome } from '../../status.ts';
import { closing } from '../closing.ts';
import { field, type Part } from '../grid.ts';
import { place } from '../header.ts';
import { headline } from '../headline.ts';
import type { Tone } from '../look.ts';
import { printable, printableReport } from '../printable.ts';
import { detailParts } from '../text.ts';
import { age, counted, duration } from '../units.ts';
import { type Html, partsHtml } from './parts.ts';
import { TROUBLES } from './troubles.ts';

/** How the last run of a line ended, and what that run found; null: it has not run yet. `now` as ISO 8601. */
export function lineHtml({ shown, last }: LineStatus, now: string): Html | null {
  if (last === null) return null;
  return html`<section class="line">
<h3>userdrift ${printable(shown, true)}</h3>
${outcomeHtml(last, now)}
</section>
`;
}

function outcomeHtml(outcome: Outcome, now: string): Html {
  const { report, examination, trouble, startedAt } = outcome;
  const shown = report && printableReport(report, true);
  return html`${trouble && verdict('bad', 'FAILED', `${TROUBLES[trouble]}${code(outcome)}`)}
${shown && reportHtml(shown)}
${!shown && examination && examinationHtml(printableReport(examination, true))}
${!shown && !examination && trouble === null && plain(outcome)}
<p class="soft">began ${age(startedAt, now)} ago: ${shown ? closing(shown) : `ended after ${duration(outcome.durationMs)}`}</p>`;
}

function reportHtml(report: Report): Html {
  const { tone, word, text } = headline(report);
  const at = place(report.database);
  return html`${verdict(tone, word, text)}
<p class="soft">${report.source.name} → ${report.target}${at && ` · ${at}`}</p>
${partsHtml(detailParts(report, { unicode: true, verbose: false }))}`;
}

function examinationHtml({ counts, findings }: NonNullable<Outcome['examination']>): Html {
  const bad = counts.problem > 0;
  const text = `${counted(counts.problem, 'problem')}, ${counted(counts.warning, 'warning')}`;
  const problems: Part[] = findings
    .filter(({ level }) => level === 'problem')
    .map(({ fact, fix, about }) => field(about, fact, fix === null ? '' : `fix: ${fix}`));
  return html`${verdict(bad ? 'bad' : 'good', bad ? 'PROBLEMS' : 'OK', text)}${partsHtml([problems])}`;
}

function plain(outcome: Outcome): Html {
  const good = outcome.exitCode === 0;
  return verdict(good ? 'good' : 'bad', good ? 'DONE' : 'FAILED', `exit ${outcome.exitCode}`);
}

function code({ exitCode, signal }: Outcome): string {
  if (signal !== null) return ` (${signal})`;
  return exitCode === null ? '' : ` (exit ${exitCode})`;
}

function verdict(tone: Tone, word: string, text: string): Html {
  return html`<p class="verdict ${tone}"><b>${word}</b> ${text}</p>`;
}
