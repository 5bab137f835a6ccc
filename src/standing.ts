import type { Outcome, Standing } from './port.ts';

/** As `standingSql` tells it. */
export interface StandingRow {
  id: string;
  known: boolean;
  why: Standing['why'];
  present: boolean;
}

/** Where a user stands. */
export function standingOf({ id, known, why, present }: StandingRow): Standing {
  if (present) return { id, standing: 'present', why: null };
  if (!known) return { id, standing: 'absent', why: null };
  return { id, standing: why === null ? 'missing' : 'excluded', why };
}

/** What became of a user who was sent and did not come back; null: nothing explains it. */
export function explained({ id, standing }: Standing): Outcome | null {
  if (standing === 'present') return { id, kind: 'alreadyPresent' };
  if (standing === 'absent') return { id, kind: 'vanished' };
  return standing === 'excluded' ? { id, kind: 'excluded' } : null;
}
