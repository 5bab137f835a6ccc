import type { PastRun } from '../past-run.ts';

/**
 * A past run in the shape of a report, with no more of it than `userdrift_record_run` reads: a statement is what a server
 * may log, and no id belongs there.
 */
export function documentOf(run: PastRun): object {
  const { runId, startedAt, durationMs, command, transport, target, dryRun, verdict, exitCode } = run;
  const { missing, stale, orphans, oldest, inserted, refreshed, failed, residual, residualStale, arrived } = run;
  const users = run.namedUsers === null ? null : Array.from({ length: run.namedUsers }, () => null);
  return {
    tool: { version: run.toolVersion },
    ...{ runId, startedAt, durationMs, command, transport, target, dryRun, verdict, exitCode },
    scope: { full: run.full, since: run.since, shard: run.shard, users },
    reason: run.reason === null ? null : { code: run.reason },
    source: { total: run.sourceTotal },
    drift: { missing, stale, orphans, oldest },
    repair: { inserted, refreshed, failed },
    residual: { missing: residual, stale: residualStale, arrived },
  };
}
