import { literal } from './name.ts';
import type { Bounds } from './shard.ts';

/** Which source rows a look speaks of. */
export interface Range extends Bounds {
  /** created_at at or after this; a NULL created_at is kept */
  since: string | null;
}

/** Conditions on source row `u`, each with a leading `and`. Values are validated uuids and timestamps, quoted all the same. */
export function inRange(range: Range): string {
  return `${idBetween('u.id', range)}${
    range.since === null ? '' : ` and (u.created_at >= ${literal(range.since)} or u.created_at is null)`
  }`;
}

export function idBetween(id: string, bounds: Bounds): string {
  const lower = bounds.after === null ? '' : ` and ${id} > ${literal(bounds.after)}`;
  const upper = bounds.upTo === null ? '' : ` and ${id} <= ${literal(bounds.upTo)}`;
  return lower + upper;
}
