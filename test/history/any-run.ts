import fc from 'fast-check';
import { pastRun } from '../../scripts/sample-runs.ts';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import type { PastRun } from '../../src/past-run.ts';

const count = fc.oneof(fc.constant(0), fc.nat(12), fc.nat(5_000_000));
const measured = fc.option(count);
const moment = fc
  .integer({ min: 0, max: 60 * 86_400 })
  .map((seconds) => new Date(1_795_000_000_000 - seconds * 1000).toISOString());

/** A run as it is most often: of all users, and good. */
export const GOOD_RUN = pastRun({
  runId: '01M8FBGSQ7EP06BBKQ9SMVSA3W',
  startedAt: '2026-11-16T08:00:00.000Z',
  durationMs: 1000,
  residualStale: 0,
});

/** Any run; `name` makes its texts. */
export function anyRun(name: fc.Arbitrary<string>): fc.Arbitrary<PastRun> {
  const scope = fc.constantFrom<Partial<PastRun>>(
    { full: true },
    { full: true },
    { full: false, namedUsers: 2 },
    { full: false, shard: '1/4' },
    { full: false, since: '2026-11-01T00:00:00.000Z' },
  );
  return fc
    .record({
      startedAt: moment,
      durationMs: fc.nat(3_600_000),
      command: fc.constantFrom('check', 'sync', 'backfill'),
      target: name,
      dryRun: fc.nat(5).map((n) => n === 0),
      row: fc.constantFrom(...EXIT_CODES.filter(({ verdicts }) => verdicts.length > 0)),
      reason: fc.option(name),
      missing: measured,
      inserted: count,
      failed: count,
      residual: measured,
      scope,
    })
    .map(({ row, scope: part, command, ...run }) => ({
      ...GOOD_RUN,
      ...run,
      ...part,
      command: command as PastRun['command'],
      verdict: row.verdicts[0] ?? 'failed',
      exitCode: row.code,
    }));
}
