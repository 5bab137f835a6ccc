import type { Note, Report } from '../report.ts';
import { type Field, field } from './grid.ts';
import { tellsReason } from './headline.ts';
import { refusalFields } from './refusals.ts';

/** What a webhook gives away is no cause, but whoever looks for one wants to know. */
const RISKS = new Set(['webhook_stock', 'webhook_secret']);

export function causeFields({ causes }: Report): Field[] {
  return causes.map(({ code, message, fix }) => field(RISKS.has(code) ? 'Risk' : 'Likely cause', message, fixed(fix)));
}

/** With its code: that is what a person searches the documentation for. */
export function warningFields({ warnings }: Report): Field[] {
  return warnings.map(({ code, message, fix }: Note) => field('Warning', `${message} (${code})`, fixed(fix)));
}

/** The headline of some verdicts is the reason's message; under the others it needs its own place. */
export function reasonFields(report: Report, again = ''): Field[] {
  const { reason } = report;
  if (reason === null) return [];
  const refusal = refusalFields(report, again);
  const fix = reason.fix && refusal.length === 0 ? [field('Fix', reason.fix)] : [];
  return [...(tellsReason(report) ? [] : [field('Reason', reason.message)]), ...refusal, ...fix];
}

function fixed(fix: string | null): string {
  return fix === null ? '' : `fix: ${fix}`;
}
