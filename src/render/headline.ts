import type { Verdict } from '../exit-codes.ts';
import type { Report } from '../report.ts';
import { expected } from './accounts.ts';
import type { Tone } from './look.ts';
import { counted, thousands } from './units.ts';

interface Headline {
  tone: Tone;
  word: string;
  text: string;
}

/** How a run that came to this is shown. */
export const TONES: Record<Verdict, Tone> = {
  in_sync: 'good',
  repaired: 'good',
  failed: 'bad',
  inconclusive: 'warn',
  drift: 'bad',
  unrepaired: 'bad',
  busy: 'warn',
  refused: 'warn',
  interrupted: 'warn',
};

const TEXTS: Record<Verdict, (report: Report) => string> = {
  in_sync: inSync,
  repaired: (report) => `${repaired(report)}${tolerated(report)}`,
  failed: ({ reason }) => reason?.message || 'the run could not do its job',
  inconclusive: ({ reason }) => reason?.message || 'the run could not see both tables',
  drift,
  unrepaired,
  busy: ({ reason }) => reason?.message || 'another run is writing; this one wrote nothing',
  refused: ({ reason }) => reason?.message || 'a limit was reached; nothing was written',
  interrupted,
};

/** The verdict and its one number. */
export function headline(report: Report): Headline {
  const { verdict } = report;
  return { tone: TONES[verdict], word: verdict.replace('_', ' ').toUpperCase(), text: TEXTS[verdict](report) };
}

/** Does the headline already say what the reason says? An interrupted run names its signal in its own words. */
export function tellsReason(report: Report): boolean {
  const { reason, verdict } = report;
  return reason === null || verdict === 'interrupted' || headline(report).text.includes(reason.message);
}

/** How many users were missing at first; of users asked for by name, the list knows. */
function missingAtFirst(report: Report): number {
  return report.drift.missing ?? report.users?.filter(({ outcome }) => outcome === 'missing').length ?? 0;
}

function inSync(report: Report): string {
  const wanted = report.users ? null : expected(report);
  const missing = report.drift.missing ?? 0;
  const moved = report.residual.missing !== null && report.residual.missing !== missing;
  if (wanted === null || moved) {
    return `no expected user${inScope(report)} is missing from ${report.target}${tolerated(report)}`;
  }
  const those = `${thousands(wanted - missing)} of ${thousands(wanted)} expected users${inScope(report)}`;
  return `${those} are in ${report.target}${missing > 0 ? ' (within --max-drift)' : ''}`;
}

function repaired({ repair, target, scope }: Report): string {
  const place = scope.full ? '' : '; nobody in this scope is missing any more';
  const refreshed = `${counted(repair.refreshed, 'stale row')} refreshed`;
  if (repair.inserted > 0) {
    const inserted = `${counted(repair.inserted, 'missing user')} inserted into ${target}`;
    return `${inserted}${repair.refreshed > 0 ? `, ${refreshed}` : ''}${place}`;
  }
  if (repair.refreshed > 0) return `${refreshed} in ${target}${place}`;
  // The webhook, or another run, was quicker.
  return `nothing was left to write to ${target}${place}`;
}

function tolerated({ residual }: Report): string {
  return residual.missing ? `; ${thousands(residual.missing)} still missing (within --max-drift)` : '';
}

function drift(report: Report): string {
  const missing = missingAtFirst(report);
  if (readOnly(report)) {
    const plan = report.dryRun ? '; nothing written (dry run)' : '';
    return `${shortfall(report, missing, report.drift.stale, ['is', 'are'])}${plan}`;
  }
  const left = report.residual.missing || report.residual.stale;
  const result = left ? unrepaired(report) : 'repaired (--fail-on drift)';
  return `${shortfall(report, missing, report.drift.stale, ['was', 'were'])}; ${result}`;
}

function unrepaired(report: Report): string {
  return shortfall(report, report.residual.missing ?? 0, report.residual.stale, ['is still', 'are still']);
}

/** `214 users are missing from public.users, 31 are stale` */
function shortfall(report: Report, missing: number, stale: number | null, [is, are]: [string, string]): string {
  const users = (count: number) => `${counted(count, 'user')}${inScope(report)} ${count === 1 ? is : are}`;
  if (missing === 0 && stale) return `${users(stale)} stale in ${report.target}`;
  const also = stale ? `, ${thousands(stale)} ${stale === 1 ? is : are} stale` : '';
  return `${users(missing)} missing from ${report.target}${also}`;
}

function interrupted(report: Report): string {
  const signal = report.exitCode === 143 ? 'SIGTERM' : 'SIGINT';
  const done = readOnly(report) ? '' : ` after ${counted(report.repair.inserted, 'insert')}`;
  return `${signal} stopped the run${done}; this report is partial`;
}

/** Does the run write at all? */
export function readOnly({ command, dryRun }: Report): boolean {
  return command === 'check' || dryRun;
}

function inScope({ scope }: Report): string {
  return scope.full ? '' : ' in this scope';
}
