import type { Report } from '../report.ts';
import { readOnly } from './headline.ts';
import { duration, rate, thousands } from './units.ts';

/** The last line, made for grep: `drift, exit 2, 0.6s, read-only, run 01JD4Q8Z`. */
export function closing(report: Report): string {
  const written = report.repair.inserted + report.repair.refreshed;
  const speed = written > 0 && report.rowsPerSecond !== null ? [rate(report.rowsPerSecond)] : [];
  const deed = readOnly(report) ? 'read-only' : written > 0 ? `${thousands(written)} written` : 'nothing written';
  const { verdict, exitCode, durationMs } = report;
  return [verdict, `exit ${exitCode}`, duration(durationMs), deed, ...speed, runName(report)].join(', ');
}

/** The last eight characters are random; the first ones are the time, and shared by runs of the same second. */
export function runName({ runId }: Report): string {
  return `run ${[...runId].slice(-8).join('')}`;
}
