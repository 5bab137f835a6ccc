import { type Arena, connected } from '../arena.ts';
import { timed } from '../measure.ts';
import { STATEMENT_SQL } from '../population.ts';
import type { Outing } from '../rounds.ts';

/**
 * One `insert … select` over everybody, from a connection that is open already. At its best: where autovacuum has been at the
 * empty target, the planner takes it for empty and joins in a nested loop over a table that grows under it.
 */
export function singleStatement({ url }: Arena): Promise<Outing> {
  return connected(url, async (client) => {
    await client.query('set enable_nestloop = off');
    return { seconds: await timed(() => client.query(STATEMENT_SQL)) };
  });
}
