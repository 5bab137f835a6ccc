import type { Verdict } from '../src/exit-codes.ts';
import { headline, tellsReason } from '../src/render/headline.ts';
import { printable, printableReport } from '../src/render/printable.ts';
import type { Report } from '../src/report.ts';
import type { Annotation, Level } from './commands.ts';

/** Green is silent. Busy and interrupted say nothing about the data. */
const LEVELS: Record<Verdict, Level | null> = {
  in_sync: null,
  repaired: null,
  failed: 'error',
  inconclusive: 'error',
  drift: 'error',
  unrepaired: 'error',
  refused: 'error',
  busy: 'warning',
  interrupted: 'warning',
};

/** A longer fix is a piece of SQL, which wants to be copied from the summary. */
const FIX_MAX = 300;

/** What the page of the run says in one place about a run that is not green; null for one that is. */
export function annotationOf(report: Report): Annotation | null {
  const level = LEVELS[report.verdict];
  if (level === null || report.exitCode === 0) return null;
  const shown = printableReport(report, true);
  const { reason, causes } = shown;
  const cause = causes[0];
  const fix = reason?.fix ?? cause?.fix ?? null;
  const lines = [
    headline(shown).text,
    reason && !tellsReason(shown) ? reason.message : '',
    cause ? `Likely cause: ${cause.message}` : '',
    fix === null ? '' : `Fix: ${fix.length > FIX_MAX ? 'in the summary of this job' : fix}`,
  ];
  const title = `userdrift ${report.command}: ${report.verdict.replace('_', ' ')}`;
  return { level, title, message: lines.filter(Boolean).join('\n') };
}

/** The same for a run that told nobody what it found. */
export function noReportAnnotation(what: string): Annotation {
  return { level: 'error', title: 'userdrift', message: printable(what, true, 6000) };
}
