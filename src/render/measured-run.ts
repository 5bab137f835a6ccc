import type { Verdict } from '../exit-codes.ts';
import type { Report } from '../report.ts';
import { isGood, type LineStatus } from '../status.ts';
import { printable } from './printable.ts';

/** The last run of a command against a target, as far as it is known. */
export interface MeasuredRun {
  command: string;
  target: string;
  /** null: the command gives none */
  verdict: Verdict | null;
  exitCode: number;
  /** ISO 8601 */
  endedAt: string;
  durationMs: number;
  /** null: it left none */
  report: Report | null;
  /** The last run that proved something, this one included; seconds since 1970. null: none is known. */
  lastSuccess: number | null;
}

/** The series that outlives the run that it tells of. */
export const LAST_SUCCESS = 'userdrift_last_success_timestamp_seconds';

/** A run that its own process tells of. `earlier` is the text of the metrics that the run before it left. */
export function measuredRun(report: Report, earlier: string): MeasuredRun {
  const { command, verdict, exitCode, startedAt, durationMs } = report;
  const target = labelOf(report.target);
  const endedAt = new Date(Date.parse(startedAt) + durationMs).toISOString();
  const lastSuccess = isGood(report) ? Date.parse(endedAt) / 1000 : lastSuccessIn(earlier, target, command);
  return { command, target, verdict, exitCode, endedAt, durationMs, report, lastSuccess };
}

/** The last run of a line of a schedule; null: it has not run. */
export function measuredLine({ last, lastGoodAt, target, command }: LineStatus): MeasuredRun | null {
  if (last === null) return null;
  const { report, exitCode, startedAt, durationMs, trouble } = last;
  return {
    command,
    target: labelOf(target ?? ''),
    verdict: report?.verdict ?? (trouble === null ? null : 'failed'),
    exitCode: exitCode ?? 1,
    endedAt: new Date(Date.parse(startedAt) + durationMs).toISOString(),
    durationMs,
    report,
    lastSuccess: lastGoodAt === null ? null : Date.parse(lastGoodAt) / 1000,
  };
}

/** People read metrics in terminals too. */
function labelOf(target: string): string {
  return printable(target, true);
}

/** What a text of these metrics says of the last success; null: nothing. */
export function lastSuccessIn(text: string, target: string, command: string): number | null {
  const lines = text.matchAll(/^(\w+)\{target="((?:[^"\\\n]|\\.)*)",command="(\w*)"\} ([\d.e+]+)$/gm);
  for (const [, name, escaped = '', of, value] of lines) {
    const named = escaped.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
    if (name === LAST_SUCCESS && named === target && of === command && Number.isFinite(Number(value)))
      return Number(value);
  }
  return null;
}

/** One run for each command and target: the latest one, with the latest success of them all. */
export function latestOf(runs: readonly MeasuredRun[]): MeasuredRun[] {
  const latest = new Map<string, MeasuredRun>();
  for (const run of [...runs].sort((a, b) => Date.parse(a.endedAt) - Date.parse(b.endedAt))) {
    const key = JSON.stringify([run.target, run.command]);
    const before = latest.get(key)?.lastSuccess ?? null;
    latest.set(key, {
      ...run,
      lastSuccess: before === null ? run.lastSuccess : Math.max(before, run.lastSuccess ?? 0),
    });
  }
  return [...latest.values()];
}
