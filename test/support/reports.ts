import { exitCodeOf, type Verdict } from '../../src/exit-codes.ts';
import type { Report } from '../../src/report.ts';
import { blindReport, repairedReport, sampleReport, unrepairedReport } from '../render/sample-report.ts';

let runs = 0;
const HOUR = 3_600_000;

/** A report of a run that began after all reports before it, with a run id of its own. */
export function later(report: Report): Report {
  runs += 1;
  const startedAt = new Date(Date.parse('2026-11-16T12:00:00.000Z') + runs * 60_000).toISOString();
  return { ...report, runId: `01JD4Q8ZK3T5W7X9Y1A2B${String(runs).padStart(5, '0')}`, startedAt };
}

/** A check that finds so many missing, the oldest for `hours`; null: nobody knows for how long. */
export function drift(missing: number, hours: number | null = 24, change: Partial<Report> = {}): Report {
  const report = later(sampleReport(change));
  const oldest = hours === null ? null : new Date(Date.parse(report.startedAt) - hours * HOUR).toISOString();
  return {
    ...report,
    drift: { ...report.drift, missing, oldest, newest: oldest },
    residual: { missing, stale: 0, arrived: 0, oldest },
  };
}

/** A check that finds nobody missing. */
export function clean(change: Partial<Report> = {}): Report {
  const report = drift(0, null, { verdict: 'in_sync', exitCode: 0, sample: [], ...change });
  return { ...report, drift: { ...report.drift, oldest: null, newest: null } };
}

/** A run that did not get to see the tables. */
export function blind(verdict: Verdict, code: string, change: Partial<Report> = {}): Report {
  const reason = { code, message: `it did not work: ${code}`, fix: null };
  return later(blindReport({ verdict, exitCode: exitCodeOf(verdict), reason, ...change }));
}

export const repaired = (change: Partial<Report> = {}) =>
  later(repairedReport({ residual: { missing: 0, stale: 0, arrived: 0, oldest: null }, ...change }));

export const unrepaired = (change: Partial<Report> = {}) => later(unrepairedReport(change));
