import type { PastRun } from '../past-run.ts';

/** A run every five minutes for three days and a half, or every hour for six weeks. */
export const RUNS_KEPT = 1000;

/** The latest runs of those given, each once and the oldest first. Of two that have one id the first one counts. */
export function lastRuns(runs: readonly PastRun[]): PastRun[] {
  const once = new Map<string, PastRun>();
  for (const run of runs) if (!once.has(run.runId)) once.set(run.runId, run);
  return [...once.values()].sort(byTime).slice(-RUNS_KEPT);
}

function byTime(one: PastRun, other: PastRun): number {
  return Date.parse(one.startedAt) - Date.parse(other.startedAt) || (one.runId < other.runId ? -1 : 1);
}
