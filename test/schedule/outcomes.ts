import type { Line } from '../../src/schedule/crontab.ts';
import { parseCrontab } from '../../src/schedule/crontab.ts';
import type { Outcome } from '../../src/status.ts';

/** The lines of a crontab that has no fault. */
export function linesOf(text: string): Line[] {
  const { lines, faults } = parseCrontab(text, () => null);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  return lines;
}

/** A run of line 1 that took a second; without more it ended with exit 0 and no document. */
export function outcome(change: Partial<Outcome> = {}): Outcome {
  const report = change.report ?? null;
  return {
    line: 1,
    command: report?.command ?? 'sync',
    startedAt: '2026-11-16T12:00:00.000Z',
    durationMs: 1000,
    exitCode: report?.exitCode ?? 0,
    signal: null,
    report,
    examination: null,
    trouble: null,
    ...change,
  };
}
