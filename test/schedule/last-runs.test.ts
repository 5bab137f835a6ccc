import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pastRun, runsEvery } from '../../scripts/sample-runs.ts';
import { pastRunOf } from '../../src/past-run.ts';
import { ended, freshStatus, remembering } from '../../src/schedule/fold.ts';
import { lastRuns, RUNS_KEPT } from '../../src/schedule/last-runs.ts';
import { repairedReport } from '../render/sample-report.ts';
import { linesOf, outcome } from './outcomes.ts';

const fresh = freshStatus(linesOf('* * * * * userdrift sync\n'), '2026-11-16T11:00:00.000Z');

describe('the last runs', () => {
  test('are ordered by time and there once each, however they come', () => {
    const runs = runsEvery(5, 12);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...runs), { maxLength: 40 }), (some) => {
        expect(lastRuns(some)).toEqual(runs.filter((run) => some.includes(run)));
      }),
    );
  });

  test('are the latest ones', () => {
    const runs = runsEvery(5, RUNS_KEPT + 3);
    expect(lastRuns([...runs].reverse())).toEqual(runs.slice(3));
  });

  test('are ordered by moment, not by letters', () => {
    const early = pastRun({ runId: 'b', startedAt: '2026-11-16T12:00:00Z' });
    const late = pastRun({ runId: 'a', startedAt: '2026-11-16T12:00:00.500Z' });
    expect(lastRuns([late, early]).map(({ runId }) => runId)).toEqual(['b', 'a']);
  });
});

describe('the status', () => {
  test('keeps each report as a past run, and nothing of a run without one', () => {
    const report = repairedReport();
    const { runs } = [outcome({ report }), outcome({ trouble: 'killed' })].reduce(ended, fresh);
    expect(runs).toEqual([pastRunOf(report)]);
  });

  test('keeps the exit code that cron would have seen', () => {
    expect(ended(fresh, { ...outcome({ report: repairedReport() }), exitCode: 1 }).runs).toMatchObject([
      { exitCode: 1 },
    ]);
    expect(ended(fresh, { ...outcome({ report: repairedReport() }), exitCode: null }).runs).toMatchObject([
      { exitCode: 1 },
    ]);
  });

  test('takes older runs in, and knows its own better', () => {
    const report = repairedReport();
    const own = ended(fresh, { ...outcome({ report }), exitCode: 1 });
    const older = pastRun({ startedAt: '2026-11-15T00:00:00.000Z' });
    expect(remembering(own, [pastRunOf(report), older]).runs).toMatchObject([
      older,
      { runId: report.runId, exitCode: 1 },
    ]);
  });
});
