import type { Verdict } from '../exit-codes.ts';
import type { Report } from '../report.ts';

export interface Ending {
  command: Report['command'];
  dryRun: boolean;
  maxDrift: number;
  failOn: 'drift' | 'unrepaired';
  /** what the first measure found */
  drift: { missing: number; stale: number };
  /** what a closing query found; for a check the only one */
  residual: { missing: number; stale: number };
}

/** The verdict of a run that came to its end. The residual decides, never the counters. */
export function verdictOf(ending: Ending): Verdict {
  const { drift, residual, maxDrift } = ending;
  const found = drift.missing > 0 || drift.stale > 0;
  const clean = residual.missing <= maxDrift && residual.stale === 0;
  if (ending.command === 'check' || ending.dryRun) {
    return clean && !(found && ending.failOn === 'drift') ? 'in_sync' : 'drift';
  }
  if (!clean) return 'unrepaired';
  if (found && ending.failOn === 'drift') return 'drift';
  return found ? 'repaired' : 'in_sync';
}
