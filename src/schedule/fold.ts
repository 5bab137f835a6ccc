import { type PastRun, pastRunOf } from '../past-run.ts';
import { isGood, type LineStatus, type Outcome, type Status } from '../status.ts';
import type { Line } from './crontab.ts';
import { lastRuns } from './last-runs.ts';

/** Before any run. `startedAt` as ISO 8601. */
export function freshStatus(lines: readonly Line[], startedAt: string): Status {
  return {
    startedAt,
    runs: [],
    lines: lines.map((line) => ({
      number: line.number,
      time: line.time,
      timeZone: line.timeZone,
      command: line.args[0] ?? '',
      shown: shownArguments(line.args),
      runningSince: null,
      last: null,
      lastGoodAt: null,
      target: null,
    })),
  };
}

/** A run of a line began. */
export function begun(status: Status, number: number, at: string): Status {
  return changed(status, number, () => ({ runningSince: at }));
}

/** A run ended. */
export function ended(status: Status, outcome: Outcome): Status {
  const { report, exitCode } = outcome;
  // What the process ended with is what cron would have seen: a report may be belied by it.
  const known = report === null ? status : remembering(status, [{ ...pastRunOf(report), exitCode: exitCode ?? 1 }]);
  return changed(known, outcome.line, (before) => ({
    runningSince: null,
    last: outcome,
    lastGoodAt: provedAt(outcome) ?? before.lastGoodAt,
    target: outcome.report?.target ?? outcome.examination?.target ?? before.target,
  }));
}

/** With runs that it did not see itself: the history has them. */
export function remembering(status: Status, runs: readonly PastRun[]): Status {
  return { ...status, runs: lastRuns([...status.runs, ...runs]) };
}

/** When the run proved that nobody is missing; null: it did not. A report that the exit code belies proves nothing. */
function provedAt({ report, exitCode, startedAt, durationMs }: Outcome): string | null {
  if (report === null || exitCode !== 0 || !isGood(report)) return null;
  return new Date(Date.parse(startedAt) + durationMs).toISOString();
}

function changed(status: Status, number: number, change: (line: LineStatus) => Partial<LineStatus>): Status {
  return {
    ...status,
    lines: status.lines.map((line) => (line.number === number ? { ...line, ...change(line) } : line)),
  };
}

/** A ping URL is a secret, whoever gives it on the command line. */
function shownArguments(args: readonly string[]): string {
  return args.map((word) => word.replace(/(^|=)[^=]*:\/\/.*$/s, '$1***')).join(' ');
}
