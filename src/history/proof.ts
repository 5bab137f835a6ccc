import type { PastRun } from '../past-run.ts';

/**
 * Did the run prove that nobody is missing? Not one that asked about some of the users, nor a dry run, nor one that found
 * another run at work, whatever its exit code.
 */
export function proves({ verdict, exitCode, full, dryRun }: PastRun): boolean {
  return exitCode === 0 && (verdict === 'in_sync' || verdict === 'repaired') && full && !dryRun;
}

/** Does the run say how things stand with all users? What it did not finish or only tried out tells of drift, never of its end. */
export function tells({ verdict, full, dryRun, missing }: PastRun): boolean {
  if (!full || verdict === 'busy') return false;
  return missing !== null && missing > 0 ? true : !dryRun && verdict !== 'interrupted';
}

/** When a run ended, in milliseconds. */
export function endOf({ startedAt, durationMs }: PastRun): number {
  return Date.parse(startedAt) + durationMs;
}
