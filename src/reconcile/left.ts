import type { Report } from '../report.ts';

/** What is still missing and stale when a run has ended, as far as its report knows; null: not known. */
export interface Left {
  missing: number | null;
  stale: number | null;
  /** created_at of the oldest missing user, ISO 8601; null with missing > 0: unknown. */
  oldest: string | null;
}

/** After a closing query what that found, else what was found at first: a run that broke off may have repaired some of it. */
export function leftBy({ residual, drift }: Report): Left {
  if (residual.missing === null) return { missing: drift.missing, stale: drift.stale, oldest: drift.oldest };
  const same = residual.missing === drift.missing ? drift.oldest : null;
  return { missing: residual.missing, stale: residual.stale, oldest: residual.oldest ?? same };
}
