import { Gauge, Registry } from '@prometheus-io/client';
import { EXIT_CODES, type Verdict } from '../exit-codes.ts';
import { leftBy } from '../reconcile/left.ts';
import type { Report } from '../report.ts';
import { LAST_SUCCESS, latestOf, type MeasuredRun } from './measured-run.ts';

interface Metric {
  name: string;
  help: string;
  /** null: not measured, and then absent. Never 0. */
  value: (run: MeasuredRun) => number | null;
}

const VERDICTS = EXIT_CODES.flatMap((row): Verdict[] => [...row.verdicts]);

/**
 * All are gauges of the last run. A run is a process of its own and cannot go on counting where another one stopped; a
 * counter that begins at 0 each time would tell rate() of restarts, not of users.
 */
const METRICS: readonly Metric[] = [
  {
    name: 'userdrift_drift_missing',
    help: 'Users that the last run found missing at its start.',
    value: ({ report }) => report?.drift.missing ?? null,
  },
  {
    name: 'userdrift_drift_stale',
    help: 'Users whose refresh columns differed at the start of the last run.',
    value: ({ report }) => report?.drift.stale ?? null,
  },
  {
    name: 'userdrift_residual_missing',
    help: 'Users still missing at the end of the last run, by its closing query.',
    value: ({ report }) => report?.residual.missing ?? null,
  },
  {
    name: 'userdrift_oldest_missing_seconds',
    help: 'Age of the oldest user still missing, as of the last run; 0 if nobody is, +Inf if the sign-up time is unknown.',
    value: ({ report }) => report && oldestMissing(report),
  },
  {
    name: 'userdrift_repair_inserted',
    help: 'Users that the last run inserted.',
    value: ({ report }) => (report && writes(report) ? report.repair.inserted : null),
  },
  {
    name: 'userdrift_repair_refreshed',
    help: 'Rows that the last run refreshed.',
    value: ({ report }) => (report && writes(report) ? report.repair.refreshed : null),
  },
  {
    name: 'userdrift_repair_failed',
    help: 'Users that the database refused in the last run.',
    value: ({ report }) => (report && writes(report) ? report.repair.failed : null),
  },
  {
    name: 'userdrift_run_duration_seconds',
    help: 'How long the last run took.',
    value: ({ durationMs }) => durationMs / 1000,
  },
  {
    name: 'userdrift_exit_code',
    help: 'Exit code of the last run; 1 also where a signal ended it.',
    value: ({ exitCode }) => exitCode,
  },
  {
    name: 'userdrift_last_run_timestamp_seconds',
    help: 'When the last run ended, whatever its end.',
    value: ({ endedAt }) => Date.parse(endedAt) / 1000,
  },
  {
    name: LAST_SUCCESS,
    help: 'When a run last proved that nobody is missing (exit 0, in_sync or repaired).',
    value: ({ lastSuccess }) => lastSuccess,
  },
];

/** Prometheus text format 0.0.4. Of several runs of one command against one target the latest counts. */
export async function renderMetrics(runs: readonly MeasuredRun[]): Promise<string> {
  const registry = new Registry();
  const latest = latestOf(runs);
  for (const { name, help, value } of METRICS) {
    const gauge = new Gauge({ name, help, labelNames: ['target', 'command'], registers: [registry] });
    for (const run of latest) setIfKnown(gauge, run, value(run));
  }
  addVerdicts(registry, latest);
  return registry.metrics();
}

function setIfKnown(gauge: Gauge<'target' | 'command'>, { target, command }: MeasuredRun, value: number | null): void {
  if (value !== null) gauge.set({ target, command }, value);
}

/** One series for each verdict, 1 for the one that the run ended with: an alert names the verdict it waits for. */
function addVerdicts(registry: Registry, runs: readonly MeasuredRun[]): void {
  const name = 'userdrift_verdict';
  const help = 'How the last run ended: 1 for its verdict, 0 for every other one.';
  const gauge = new Gauge({ name, help, labelNames: ['target', 'command', 'verdict'], registers: [registry] });
  for (const { target, command, verdict: ended } of runs) {
    if (ended === null) continue;
    for (const verdict of VERDICTS) gauge.set({ target, command, verdict }, verdict === ended ? 1 : 0);
  }
}

/** With a user of unknown sign-up time among them, older than any limit. */
function oldestMissing(report: Report): number | null {
  const { missing, oldest } = leftBy(report);
  if (missing === null) return null;
  if (missing === 0) return 0;
  if (oldest === null) return Number.POSITIVE_INFINITY;
  return Math.max(0, (Date.parse(report.startedAt) + report.durationMs - Date.parse(oldest)) / 1000);
}

function writes({ command, dryRun }: Report): boolean {
  return command !== 'check' && !dryRun;
}
