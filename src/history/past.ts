import { z } from 'zod';
import { type PastRun, pastRunSchema } from '../past-run.ts';
import { accountsOf, tallyOf } from './summary.ts';

const moment = z.iso.datetime();
const count = z.int().min(0);
const gap = z.object({ from: moment, to: moment, ms: count });

/** What `userdrift history --json` prints, version 1. */
export const pastSchema = z.object({
  version: z.literal(1),
  target: z.string().nullable().meta({ description: 'null: runs of every target' }),
  runs: z.array(pastRunSchema).meta({ description: 'the newest first' }),
  summary: z.object({
    runs: count,
    verdicts: z.array(z.object({ verdict: pastRunSchema.shape.verdict, runs: count })),
    targets: z
      .array(
        z.object({
          target: z.string(),
          lastGoodAt: moment
            .nullable()
            .meta({ description: 'end of the last of these runs that proved that nobody is missing' }),
          longestGap: gap.nullable().meta({ description: 'the longest time between two runs that proved it' }),
          latest: pastRunSchema.nullable().meta({ description: 'the last run that tells how things stand' }),
        }),
      )
      .meta({ description: 'what the runs say of each target' }),
  }),
});

export type Past = z.infer<typeof pastSchema>;

/** The runs, and what they say. */
export function pastOf(runs: readonly PastRun[], target: string | null): Past {
  const newestFirst = runs.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  return {
    version: 1,
    target,
    runs: newestFirst,
    summary: { runs: runs.length, verdicts: tallyOf(runs), targets: accountsOf(runs) },
  };
}
