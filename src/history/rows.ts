import { z } from 'zod';
import { type PastRun, pastRunSchema } from '../past-run.ts';

/** The server writes a time in its own zone. */
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const count = z.int().min(0);
const measured = count.nullable();

/** A row of userdrift.runs, as `userdrift_history` answers it. */
const rowSchema = z
  .object({
    run_id: z.string(),
    started_at: moment,
    duration_ms: count,
    tool_version: z.string(),
    command: z.string(),
    transport: z.string(),
    target: z.string(),
    dry_run: z.boolean(),
    full_scope: z.boolean(),
    since: moment.nullable(),
    shard: z.string().nullable(),
    named_users: measured,
    verdict: z.string(),
    exit_code: z.int(),
    reason: z.string().nullable(),
    source_total: measured,
    missing: measured,
    stale: measured,
    orphans: measured,
    oldest: moment.nullable(),
    inserted: count,
    refreshed: count,
    failed: count,
    residual: measured,
    residual_stale: measured,
    arrived: measured,
  })
  .transform((row) => ({
    runId: row.run_id,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    toolVersion: row.tool_version,
    command: row.command,
    transport: row.transport,
    target: row.target,
    dryRun: row.dry_run,
    full: row.full_scope,
    since: row.since,
    shard: row.shard,
    namedUsers: row.named_users,
    verdict: row.verdict,
    exitCode: row.exit_code,
    reason: row.reason,
    sourceTotal: row.source_total,
    missing: row.missing,
    stale: row.stale,
    orphans: row.orphans,
    oldest: row.oldest,
    inserted: row.inserted,
    refreshed: row.refreshed,
    failed: row.failed,
    residual: row.residual,
    residualStale: row.residual_stale,
    arrived: row.arrived,
  }))
  .pipe(pastRunSchema);

/** The runs in an answer of `userdrift_history`, as they came. One that a later userdrift recorded in words of its own is left out. */
export function runsIn(answer: unknown): PastRun[] {
  return Array.isArray(answer) ? answer.flatMap((row) => rowSchema.safeParse(row).data ?? []) : [];
}
