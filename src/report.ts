import { z } from 'zod';
import { EXIT_CODES, type Verdict } from './exit-codes.ts';

const count = z.int().min(0);
const measured = count.nullable();
const timestamp = z.iso.datetime().nullable();
const note = z.object({ code: z.string(), message: z.string(), fix: z.string().nullable() });
const failure = z.object({
  id: z.guid().nullable().meta({ description: 'null with --no-ids' }),
  op: z.enum(['insert', 'refresh']),
  code: z.string().meta({ description: 'SQLSTATE' }),
  constraint: z.string().nullable(),
  column: z.string().nullable(),
});
const byTime = z.object({
  unit: z.enum(['day', 'month', 'year']),
  counts: z.array(z.object({ start: z.iso.date().meta({ description: 'first day of the unit' }), missing: count })),
  unknown: count.meta({ description: 'users without a sign-up time' }),
});
const verdicts = EXIT_CODES.flatMap((row) => [...row.verdicts]) as [Verdict, ...Verdict[]];

/** What became of one user that `--user` named. */
const userOutcome = z.object({
  id: z.guid().nullable(),
  outcome: z.enum([
    'inserted',
    'already_present',
    'missing',
    'excluded',
    'suppressed',
    'failed',
    'unresolved',
    'no_such_user',
  ]),
  why: z.enum(['deleted', 'anonymous', 'sso', 'filtered']).nullable(),
  code: z.string().nullable(),
  constraint: z.string().nullable(),
  column: z.string().nullable(),
});

/**
 * The report of one run, version 1. Ids and codes only: it has no place for a personal detail.
 * Numbers that the run did not get to measure are null, never 0.
 */
export const reportSchema = z.object({
  version: z.literal(1),
  tool: z.object({ version: z.string() }),
  runId: z.string(),
  command: z.enum(['check', 'sync', 'backfill']),
  transport: z.enum(['postgres', 'http']),
  dryRun: z.boolean(),
  scope: z.object({
    full: z.boolean().meta({ description: 'false: the verdict speaks of a part of the users only' }),
    since: timestamp,
    shard: z.string().nullable(),
    users: z.array(z.guid()).nullable(),
  }),
  verdict: z.enum(verdicts),
  exitCode: z.int(),
  reason: note.nullable(),
  startedAt: z.iso.datetime(),
  durationMs: count,
  database: z.object({
    host: z.string().nullable(),
    name: z.string().nullable(),
    user: z.string().nullable(),
    serverVersion: z.string().nullable(),
  }),
  source: z.object({ name: z.string(), total: measured }),
  target: z.string(),
  drift: z.object({
    missing: measured,
    stale: measured,
    orphans: measured,
    oldest: timestamp.meta({ description: 'created_at of the oldest missing user; null with missing > 0: unknown' }),
    newest: timestamp,
    missingByTime: byTime.nullable().meta({ description: 'missing by time of sign-up, UTC; adds up to missing' }),
    missingByProvider: z
      .array(z.object({ provider: z.string(), missing: count }))
      .nullable()
      .meta({
        description:
          'missing by the way they signed up, most first; adds up to missing. other: not one of the auth server, unknown: none given',
      }),
  }),
  graceMs: count.meta({ description: 'younger users are not expected yet' }),
  excluded: z.object({
    deleted: measured,
    anonymous: measured,
    sso: measured,
    grace: measured,
    filtered: measured,
  }),
  repair: z.object({
    scanned: count,
    inserted: count,
    refreshed: count,
    alreadyPresent: count,
    vanished: count,
    excluded: count,
    suppressed: count,
    failed: count,
    unresolved: count,
  }),
  residual: z.object({
    missing: measured,
    stale: measured,
    arrived: measured,
    oldest: timestamp.optional().meta({
      description: 'created_at of the oldest user that is still missing; null or absent with missing > 0: unknown',
    }),
  }),
  failures: z.array(failure),
  failuresTotal: count,
  users: z.array(userOutcome).nullable().meta({ description: 'one entry per --user' }),
  sample: z.array(z.guid()),
  causes: z
    .array(note)
    .meta({ description: 'why users are missing, as far as the catalog tells; the most likely first' }),
  batches: z.object({ count, retried: count, split: count }),
  rowsPerSecond: z.number().nullable(),
  statement: z.string().nullable().meta({ description: 'a dry run: the SQL that a sync would run per batch' }),
  warnings: z.array(note),
});

export type Report = z.infer<typeof reportSchema>;
export type Note = z.infer<typeof note>;
export type Failure = z.infer<typeof failure>;
export type UserOutcome = z.infer<typeof userOutcome>;
