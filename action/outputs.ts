import type { Report } from '../src/report.ts';

/** The outputs of action.yml. What was not measured is empty, never zero. */
export function outputsOf(exitCode: number, report: Report | null, path: string): Record<string, string> {
  return {
    verdict: report?.verdict ?? '',
    'exit-code': String(exitCode),
    missing: text(report?.drift.missing),
    inserted: text(report?.repair.inserted),
    residual: text(report?.residual.missing),
    oldest: text(report?.drift.oldest),
    report: report === null ? '' : path,
  };
}

/** As the runner reads them from a file. The delimiter must be one that nobody can guess. */
export function outputLines(outputs: Record<string, string>, delimiter: string): string {
  return Object.entries(outputs)
    .map(([name, value]) => `${name}<<${delimiter}\n${value}\n${delimiter}\n`)
    .join('');
}

function text(value: string | number | null | undefined): string {
  return value === null || value === undefined ? '' : String(value);
}
