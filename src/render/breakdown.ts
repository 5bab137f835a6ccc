import type { Report } from '../report.ts';
import { type Field, field } from './grid.ts';
import type { Look } from './look.ts';
import { thousands } from './units.ts';

const BAR = 12;
const LINES = 24;
/** How much of `2026-11-16` names the unit. */
const LENGTHS = { day: 10, month: 7, year: 4 } as const;
const SHOWN_FOR = new Set<Report['verdict']>(['drift', 'refused', 'unrepaired']);

/** One line of the missing by time of sign-up. */
interface Line {
  when: string;
  missing: number;
}

/** Since when, and by which way of signing up: one outage looks different from a slow leak. Each adds up to `missing`. */
export function breakdownFields(report: Report, look: Pick<Look, 'unicode'>): Field[] {
  const { missingByTime, missingByProvider } = report.drift;
  if (!SHOWN_FOR.has(report.verdict) || report.users) return [];
  const lines = missingByTime ? timeLines(missingByTime) : [];
  const providers = (missingByProvider ?? []).map(({ provider, missing }) => `${provider} ${thousands(missing)}`);
  return [
    ...(missingByTime && lines.length > 0 ? [field(`Missing by ${missingByTime.unit}`, ...chart(lines, look))] : []),
    ...(providers.length > 0 ? [field('Missing by provider', providers.join(', '))] : []),
  ];
}

/** At most `LINES`: what is older is one line. Users without a sign-up time come last. */
export function timeLines({ unit, counts, unknown }: NonNullable<Report['drift']['missingByTime']>): Line[] {
  const all = counts.map(({ start, missing }) => ({ when: start.slice(0, LENGTHS[unit]), missing }));
  const older = all.slice(0, Math.max(0, all.length - LINES));
  const earlier = older.reduce((sum, { missing }) => sum + missing, 0);
  return [
    { when: 'earlier', missing: earlier },
    ...all.slice(older.length),
    { when: 'unknown', missing: unknown },
  ].filter(({ missing }) => missing > 0);
}

/** `2026-11-15     88  ############` */
function chart(lines: readonly Line[], { unicode }: Pick<Look, 'unicode'>): string[] {
  const most = Math.max(...lines.map(({ missing }) => missing));
  const label = Math.max(...lines.map(({ when }) => when.length));
  const number = Math.max(7, ...lines.map(({ missing }) => thousands(missing).length + 2));
  return lines.map(({ when, missing }) => {
    const bar = (unicode ? '▇' : '#').repeat(Math.max(1, Math.round((BAR * missing) / most)));
    return `${when.padEnd(label)}${thousands(missing).padStart(number)}  ${bar}`;
  });
}
