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
 * A range that is known only when the SQL runs: `after`, `upTo` and `since` are SQL, NULL where there is no bound. An index
 * can serve it either way; nothing lies before the nil uuid, so the lower bound takes two conditions. Each value is a
 * subquery, because it would be worked out for every row else.
 */
export function scopedAtRun(after: string, upTo: string, since: string): Scoped {
  const once = (value: string) => `(select ${value})`;
  return {
    between: (id, type = 'uuid') => {
      const cast = type === 'text' ? '::text' : '';
      const [lower, upper] = [`coalesce(${after}, '${FIRST}'::uuid)`, `coalesce(${upTo}, '${LAST}'::uuid)`];
      return ` and ${id} >= ${once(lower + cast)} and ${id} is distinct from ${once(`(${after})${cast}`)} and ${id} <= ${once(upper + cast)}`;
    },
    since: ` and (u.created_at >= ${once(`coalesce(${since}, '-infinity')`)} or u.created_at is null)`,
  };
}

/** All of the source. */
export const EVERYBODY: Scoped = { between: () => '', since: '' };
