import { type Arena, connected } from '../arena.ts';
import { timed } from '../measure.ts';
import { BARE_COUNT_SQL } from '../population.ts';
import type { Outing } from '../rounds.ts';

/** The left join that most people ask with, from a connection that is open already; also what it counted. */
export function bareCount({ url }: Arena): Promise<Outing> {
  return connected(url, async (client) => {
    let missing = Number.NaN;
    const seconds = await timed(async () => {
      const { rows } = await client.query<{ missing: number }>(BARE_COUNT_SQL);
      missing = rows[0]?.missing ?? Number.NaN;
    });
    return { seconds, missing };
  });
}
