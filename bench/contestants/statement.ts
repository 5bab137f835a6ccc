import { type Arena, connected } from '../arena.ts';
import { timed } from '../measure.ts';
import { STATEMENT_SQL } from '../population.ts';
import type { Outing } from '../rounds.ts';

/** One `insert … select` over everybody, from a connection that is open already. */
export function singleStatement({ url }: Arena): Promise<Outing> {
  return connected(url, async (client) => ({ seconds: await timed(() => client.query(STATEMENT_SQL)) }));
}
