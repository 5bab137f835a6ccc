import { leftBy } from '../reconcile/left.ts';
import type { Report } from '../report.ts';

/** What a report means to whoever is to be woken. */
export type News =
  /** It says nothing about the state of the tables. */
  | { kind: 'silent'; why: string }
  /** A run over all users found nobody missing and nothing stale. */
  | { kind: 'clean' }
  /** No bad news, and no proof that all is well either. */
  | { kind: 'calm'; why: string; missing: number }
  /** `lasting`: for longer than the limit, or nobody knows for how long. */
  | { kind: 'drift'; lasting: boolean; missing: number; stale: number }
  /** The run could not do its job. `missing`: what it still got to see. `lasting`: it will not pass by itself. */
  | { kind: 'blind'; lasting: boolean; reason: string; missing: number | null };

/**
 * Reasons that may be gone at the next run. One such run is no alert; if it goes on, no success ping arrives, and that
 * is what the heartbeat is for: a report knows nothing of the run before it.
 */
const PASSING = new Set([
  'connection_closed',
  'connection_refused',
  'connection_timeout',
  'database_starting',
  'deadline',
  'host_not_found',
  'host_unreachable',
  'lock_lost',
  'pooler_failed',
  'retry_budget_spent',
  'timeout',
  'too_many_connections',
]);

/** Reads a report for its news; users that are missing for less than `olderThanMs` are not lasting drift. */
export function newsOf(report: Report, olderThanMs: number): News {
  switch (report.verdict) {
    case 'busy':
      return { kind: 'silent', why: 'another run was writing' };
    case 'interrupted':
      return { kind: 'silent', why: 'the run was interrupted' };
    default:
      if (report.users !== null || report.scope.users !== null)
        return { kind: 'silent', why: 'the run was about single users' };
      return sawToTheEnd(report) ? seen(report, olderThanMs) : blind(report, olderThanMs);
  }
}

function sawToTheEnd({ verdict }: Report): boolean {
  return verdict === 'in_sync' || verdict === 'repaired' || verdict === 'drift' || verdict === 'unrepaired';
}

/** The numbers decide: `--fail-on drift` calls a drift what has been repaired. */
function seen(report: Report, olderThanMs: number): News {
  const { missing, stale } = leftBy(report);
  const green = report.verdict === 'in_sync' || report.verdict === 'repaired';
  if (missing === null) return { kind: 'blind', lasting: true, reason: 'not_measured', missing };
  if (missing === 0 && !stale) {
    return report.scope.full ? { kind: 'clean' } : { kind: 'calm', why: 'in sync, in this scope', missing };
  }
  if (green) return { kind: 'calm', why: 'missing users are within --max-drift', missing };
  const lasting = isOlder(report, olderThanMs) || staleForGood(report, olderThanMs);
  return { kind: 'drift', lasting, missing, stale: stale ?? 0 };
}

function blind(report: Report, olderThanMs: number): News {
  const { missing } = leftBy(report);
  const reason = report.reason?.code ?? report.verdict;
  if (reason === 'declined') return { kind: 'silent', why: 'a person declined the run' };
  const lasting = !PASSING.has(reason) || isOlder(report, olderThanMs);
  return { kind: 'blind', lasting, reason, missing };
}

/** By the clock of the report, so that the same report always says the same. A user of unknown age is older than any limit. */
function isOlder(report: Report, olderThanMs: number): boolean {
  const { missing, oldest } = leftBy(report);
  if (!missing) return false;
  return oldest === null || Date.parse(report.startedAt) - Date.parse(oldest) >= olderThanMs;
}

/**
 * A stale row has no age: a mail that was changed a minute ago looks like one that has been wrong for weeks. It counts
 * when a repair has left it stale, or when no age is asked for.
 */
function staleForGood(report: Report, olderThanMs: number): boolean {
  const { stale } = leftBy(report);
  const repaired = report.command !== 'check' && !report.dryRun;
  return Boolean(stale) && (repaired || olderThanMs === 0);
}
