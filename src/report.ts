import { z } from 'zod';
import { EXIT_CODES, type Verdict } from './exit-codes.ts';

const count = z.int().min(0);
const measured = count.nullable();
const timestamp = z.iso.datetime().nullable();
const note = z.object({
  code: z.string().describe('stable name, as in docs/troubleshooting.md'),
  message: z.string().describe('one sentence for people'),
  fix: z.string().nullable().describe('what to do about it'),
});
const constraint = z.string().nullable().describe('the constraint that refused the row, where the server named one');
const column = z.string().nullable().describe('the column that it was about, where the server named one');
const failure = z.object({
  id: z.guid().nullable().describe('null with --no-ids'),
  op: z.enum(['insert', 'refresh']).describe('what was tried'),
  code: z.string().describe('SQLSTATE'),
  constraint,
  column,
});
const byTime = z.object({
  unit: z.enum(['day', 'month', 'year']).describe('what one entry stands for'),
  counts: z.array(
    z.object({
      start: z.iso.date().describe('first day of the unit'),
      missing: count.describe('how many signed up in it'),
    }),
  ),
  unknown: count.describe('users without a sign-up time'),
});
const verdicts = EXIT_CODES.flatMap((row) => [...row.verdicts]) as [Verdict, ...Verdict[]];

/** What became of one user that `--user` named. */
const userOutcome = z.object({
  id: z.guid().nullable().describe('null with --no-ids'),
  outcome: z
    .enum(['inserted', 'already_present', 'missing', 'excluded', 'suppressed', 'failed', 'unresolved', 'no_such_user'])
    .describe('what became of this user'),
  why: z.enum(['deleted', 'anonymous', 'sso', 'filtered']).nullable().describe('why the user is excluded'),
  code: z.string().nullable().describe('SQLSTATE, where it failed'),
  constraint,
  column,
});

/**
 * The report of one run, version 1. Ids and codes only: it has no place for a personal detail.
 * Numbers that the run did not get to measure are null, never 0.
 */
export const reportSchema = z.object({
  version: z.literal(1).describe('of this format'),
  tool: z.object({ version: z.string().describe('version of userdrift') }),
  runId: z.string().describe('a ULID; the last line of the text report shows its end'),
  command: z.enum(['check', 'sync', 'backfill']).describe('what was run'),
  transport: z.enum(['postgres', 'http']).describe('how the database was reached'),
  dryRun: z.boolean().describe('true: nothing was written, on purpose'),
  scope: z.object({
    full: z.boolean().describe('false: the verdict speaks of a part of the users only'),
    since: timestamp.describe('--since, as a time'),
    shard: z.string().nullable().describe('--shard, such as 1/4'),
    users: z.array(z.guid()).nullable().describe('the ids of --user'),
  }),
  verdict: z.enum(verdicts).describe('what it came to'),
  exitCode: z.int().describe('the exit code that the verdict earns'),
  reason: note.nullable().describe('why the run stopped or was refused; null: it came to its end'),
  startedAt: z.iso.datetime().describe('when the run began'),
  durationMs: count.describe('how long it took, in milliseconds'),
  database: z
    .object({
      host: z.string().nullable().describe('host of DATABASE_URL or SUPABASE_URL'),
      name: z.string().nullable().describe('database'),
      user: z.string().nullable().describe('role that the run had'),
      serverVersion: z.string().nullable().describe('version of PostgreSQL'),
    })
    .describe('where it looked; no password and no connection string'),
  source: z.object({
    name: z.string().describe('auth.users, or the view over it'),
    total: measured.describe('users in it, within the scope'),
  }),
  target: z.string().describe("the application's table"),
  drift: z
    .object({
      missing: measured.describe('expected users without a row'),
      stale: measured.describe('rows whose refresh columns differ'),
      orphans: measured.describe('rows without a user; never touched'),
      oldest: timestamp.describe('created_at of the oldest missing user; null with missing > 0: unknown'),
      newest: timestamp.describe('created_at of the newest missing user'),
      missingByTime: byTime.nullable().describe('missing by time of sign-up, UTC; adds up to missing'),
      missingByProvider: z
        .array(
          z.object({
            provider: z.string().describe('email, google, sso, …'),
            missing: count.describe('how many signed up that way'),
          }),
        )
        .nullable()
        .describe(
          'missing by the way they signed up, most first; adds up to missing. other: not one of the auth server, unknown: none given',
        ),
    })
    .describe('what the first measure found, before any repair'),
  graceMs: count.describe('younger users are not expected yet'),
  excluded: z
    .object({
      deleted: measured.describe('soft-deleted'),
      anonymous: measured.describe('anonymous'),
      sso: measured.describe('SSO users, with skip.sso'),
      grace: measured.describe('younger than the grace'),
      filtered: measured.describe('left out by skip.where'),
    })
    .describe('users without a row who are not expected to have one; each in the first that fits'),
  repair: z
    .object({
      scanned: count.describe('ids that the run looked at: the sum of all below but refreshed'),
      inserted: count.describe('rows written'),
      refreshed: count.describe('rows whose refresh columns were set'),
      alreadyPresent: count.describe('somebody else was faster'),
      vanished: count.describe('the user is gone since'),
      excluded: count.describe('no longer expected when it was written'),
      suppressed: count.describe('no error and no row: a trigger swallowed it'),
      failed: count.describe('the database refused the row'),
      unresolved: count.describe('in flight when the run ended'),
    })
    .describe('what a run that writes did; every id is in exactly one number'),
  residual: z
    .object({
      missing: measured.describe('still missing; this decides the exit code'),
      stale: measured.describe('still stale'),
      arrived: measured.describe('without a row and younger than the grace; they belong to the next run'),
      oldest: timestamp
        .optional()
        .describe('created_at of the oldest user that is still missing; null or absent with missing > 0: unknown'),
    })
    .describe('what the closing query found'),
  failures: z.array(failure).describe('users who could not be written; not all of them where there are very many'),
  failuresTotal: count.describe('how many there were'),
  users: z.array(userOutcome).nullable().describe('one entry per --user'),
  sample: z.array(z.guid()).describe('some of the missing ids; empty with --no-ids'),
  causes: z.array(note).describe('why users are missing, as far as the catalog tells; the most likely first'),
  batches: z.object({
    count: count.describe('batches sent'),
    retried: count.describe('sent again'),
    split: count.describe('halved, to find a bad row or to fit a timeout'),
  }),
  rowsPerSecond: z.number().nullable().describe('rows written by the second'),
  statement: z.string().nullable().describe('a dry run: the SQL that a sync would run per batch'),
  warnings: z.array(note).describe('what a person should know, though it stopped nothing'),
});

export type Report = z.infer<typeof reportSchema>;
export type Note = z.infer<typeof note>;
export type Failure = z.infer<typeof failure>;
export type UserOutcome = z.infer<typeof userOutcome>;
