import type { Report } from '../report.ts';
import { runName } from './closing.ts';
import { headline, tellsReason } from './headline.ts';
import { printableReport } from './printable.ts';

/** The one line of `--quiet`: `userdrift check: drift, exit 2: 214 users are missing from public.users, run 01JD4Q8Z`. */
export function renderLine(report: Report, unicode: boolean): string {
  const shown = printableReport(report, unicode);
  const { text } = headline(shown);
  const target = text.includes(shown.target) ? '' : `target ${shown.target}`;
  const reason = tellsReason(shown) ? '' : shown.reason?.message;
  const details = [text, target, reason, runName(shown)].filter(Boolean).join(', ');
  return `userdrift ${shown.command}: ${shown.verdict}, exit ${shown.exitCode}: ${details}\n`;
}
