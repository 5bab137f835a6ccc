/** What a schedule knows of its runs, as data: made by schedule/, shown by render/. */
import type { Examination } from './examination.ts';
import type { Verdict } from './exit-codes.ts';
import type { PastRun } from './past-run.ts';
import type { Report } from './report.ts';

/** How a run ended that left no document: what a crash, a kill or a hang looks like from outside. */
export type Trouble = 'no_report' | 'garbled' | 'killed' | 'overdue' | 'not_started';

/** How one run of one line ended. */
export interface Outcome {
  line: number;
  command: string;
  /** ISO 8601 */
  startedAt: string;
  durationMs: number;
  /** Of the process; null when a signal ended it, or when it never began. */
  exitCode: number | null;
  signal: string | null;
  report: Report | null;
  examination: Examination | null;
  /** null: all is told by the document, or, of a command that prints none, by the exit code. */
  trouble: Trouble | null;
}

/** One line of the crontab, and what came of it so far. */
export interface LineStatus {
  /** Line number in the file, from 1. */
  number: number;
  /** The five fields as written, or @hourly and the like. */
  time: string;
  timeZone: string;
  command: string;
  /** The command as written, without what may be secret in it. */
  shown: string;
  /** Since when it is running, ISO 8601; null: it is not. */
  runningSince: string | null;
  last: Outcome | null;
  /** Its last run that proved something, ISO 8601 (the end of the run). */
  lastGoodAt: string | null;
  /** As far as a report told it. */
  target: string | null;
}

export interface Status {
  startedAt: string;
  lines: readonly LineStatus[];
  /** The last runs that left a report, of this schedule and of the history that it was given; the oldest first. */
  runs: readonly PastRun[];
}

/** How old the last good run is, and whether that is young enough; what /healthz answers. */
export interface Health {
  healthy: boolean;
  /** The last good run of any line, ISO 8601; null: none since the start. */
  lastGoodAt: string | null;
  /** Since the last good run, or since the start before the first one. */
  ageSeconds: number;
  maxAgeSeconds: number;
  why: string;
}

const GOOD = new Set<Verdict>(['in_sync', 'repaired']);

/**
 * Did the run prove that nobody is missing? `busy` proves nothing, whatever its exit code, and neither does a run that
 * asked about single users.
 */
export function isGood({ verdict, exitCode, scope }: Pick<Report, 'verdict' | 'exitCode' | 'scope'>): boolean {
  return exitCode === 0 && GOOD.has(verdict) && scope.users === null;
}
