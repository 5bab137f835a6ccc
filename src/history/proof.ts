import type { PastRun } from '../past-run.ts';

/**
 * Did the run prove that nobody is missing? Not one that asked about some of the users, nor a dry run, nor one that found
 * another run at work, whatever its exit code.
 */
export function proves({ verdict, exitCode, full, dryRun }: PastRun): boolean {
  return exitCode === 0 && (verdict === 'in_sync' || verdict === 'repaired') && full && !dryRun;
}

/** Does the run say how things stand with all users, for better or worse? */
export function tells({ verdict, full, dryRun }: PastRun): boolean {
  return full && !dryRun && verdict !== 'busy' && verdict !== 'interrupted';
}

/** When a run ended, in milliseconds. */
export function endOf({ startedAt, durationMs }: PastRun): number {
  return Date.parse(startedAt) + durationMs;
}
