import { z } from 'zod';
import { type Report, reportSchema } from './report.ts';

const { runId, command, transport, dryRun, verdict, exitCode, startedAt, durationMs, target } = reportSchema.shape;
const count = z.int().min(0);
const measured = count.nullable();
const timestamp = z.iso.datetime().nullable();

/** One run of the past: what the history keeps of its report. Counts, codes and times, and no user id; null: not measured. */
export const pastRunSchema = z.object({
  runId,
  startedAt,
  durationMs,
  toolVersion: z.string(),
  command,
  transport,
  target,
  dryRun,
  full: z.boolean().meta({ description: 'false: the run was about a part of the users' }),
  since: timestamp,
  shard: z.string().nullable(),
  namedUsers: measured.meta({ description: 'how many --user named; null: the run was not about single users' }),
  verdict,
  exitCode,
  reason: z.string().nullable().meta({ description: 'code of the reason' }),
  sourceTotal: measured,
  missing: measured.meta({ description: 'found by the first measure' }),
  stale: measured,
  orphans: measured,
  oldest: timestamp,
  inserted: count,
  refreshed: count,
  failed: count,
  residual: measured.meta({ description: 'still missing, by the closing query' }),
  residualStale: measured,
  arrived: measured,
});

export type PastRun = z.infer<typeof pastRunSchema>;

/** What the history keeps of a report. */
export function pastRunOf(report: Report): PastRun {
  const { tool, scope, reason, source, drift, repair, residual } = report;
  return {
    runId: report.runId,
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    toolVersion: tool.version,
    command: report.command,
    transport: report.transport,
    target: report.target,
    dryRun: report.dryRun,
    full: scope.full,
    since: scope.since,
    shard: scope.shard,
    namedUsers: scope.users?.length ?? null,
    verdict: report.verdict,
    exitCode: report.exitCode,
    reason: reason?.code ?? null,
    sourceTotal: source.total,
    missing: drift.missing,
    stale: drift.stale,
    orphans: drift.orphans,
    oldest: drift.oldest,
    inserted: repair.inserted,
    refreshed: repair.refreshed,
    failed: repair.failed,
    residual: residual.missing,
    residualStale: residual.stale,
    arrived: residual.arrived,
  };
}
