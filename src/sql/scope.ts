import { literal } from './name.ts';
import type { Bounds } from './shard.ts';

/** Which source rows a look speaks of. */
export interface Range extends Bounds {
  /** created_at at or after this; a NULL created_at is kept */
  since: string | null;
}

/** What a look speaks of, as SQL; each condition has a leading `and`. */
export interface Scoped {
  /** On an id, which is a uuid, or text in collation "C": there the canonical spelling sorts as uuids do. */
  between(id: string, type?: 'uuid' | 'text'): string;
  /** On the sign-up time of source row `u`; may be empty. */
  since: string;
}

/** A range that is known when the SQL is made. Values are validated uuids and timestamps, quoted all the same. */
export function scopedBy({ after, upTo, since }: Range): Scoped {
  const lower = (id: string) => (after === null ? '' : ` and ${id} > ${literal(after)}`);
  const upper = (id: string) => (upTo === null ? '' : ` and ${id} <= ${literal(upTo)}`);
  return {
    between: (id) => lower(id) + upper(id),
    since: since === null ? '' : ` and (u.created_at >= ${literal(since)} or u.created_at is null)`,
  };
}

const FIRST = '00000000-0000-0000-0000-000000000000';
const LAST = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * A range that is known only when the SQL runs: `after`, `upTo` and `since` are SQL, NULL where there is no bound.
 * An index can serve it either way; nothing lies before the nil uuid, so the lower bound takes two conditions.
 */
export function scopedAtRun(after: string, upTo: string, since: string | null): Scoped {
  const as = (bound: string, otherwise: string, type: string) => `coalesce(${bound}, '${otherwise}'::uuid)${type}`;
  return {
    between: (id, type = 'uuid') => {
      const cast = type === 'text' ? '::text' : '';
      const lower = ` and ${id} >= ${as(after, FIRST, cast)} and ${id} is distinct from (${after})${cast}`;
      return `${lower} and ${id} <= ${as(upTo, LAST, cast)}`;
    },
    since: since === null ? '' : ` and (${since} is null or u.created_at >= ${since} or u.created_at is null)`,
  };
}

/** All of the source. */
export const EVERYBODY: Scoped = { between: () => '', since: '' };
