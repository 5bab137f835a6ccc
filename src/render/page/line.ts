import { html } from 'hono/html';
import type { Report } from '../../report.ts';
import type { LineStatus, Outcome, Trouble } from '../../status.ts';
import { closing } from '../closing.ts';
import { field, type Part } from '../grid.ts';
import { place } from '../header.ts';
import { headline } from '../headline.ts';
import type { Tone } from '../look.ts';
import { printable, printableReport } from '../printable.ts';
import { bodyParts } from '../text.ts';
import { age, counted, duration } from '../units.ts';
import { type Html, partsHtml } from './parts.ts';

const TROUBLES: Record<Trouble, string> = {
  no_report: 'it ended without a report; the log has its last words',
  garbled: 'what it printed is no report',
  killed: 'it was killed, perhaps for want of memory',
  overdue: 'its time was up, and it was stopped',
  not_started: 'no process could be started',
};

/** One line of the crontab: when it runs, how its last run ended, and what that run found. `now` as ISO 8601. */
export function lineHtml(line: LineStatus, next: string | null, now: string): Html {
  return html`<section>
<h2>userdrift ${printable(line.shown, true)}</h2>
<p class="soft">${timing(line, next, now)}</p>
${line.last === null ? html`<p class="verdict none">${line.runningSince ? 'its first run is under way' : 'not run yet'}</p>` : outcomeHtml(line.last, now)}
</section>
`;
}

function timing({ time, timeZone, runningSince, lastGoodAt }: LineStatus, next: string | null, now: string): Html {
  const facts = [
    runningSince && `running for ${age(runningSince, now)}`,
    next && `next run in ${age(now, next)} (${next.slice(11, 16)} UTC)`,
    lastGoodAt && `last good run ${age(lastGoodAt, now)} ago`,
  ].filter(Boolean);
  return html`<code>${time}</code> ${timeZone}${facts.map((fact) => html` · ${fact}`)}`;
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
${partsHtml(bodyParts(report, { unicode: true, verbose: false }))}`;
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
