import { type Arena, connected } from '../arena.ts';
import { timed } from '../measure.ts';
import type { Outing } from '../rounds.ts';

/** A query that counts missing users, from a connection that is open already; also what it counted. */
export function bareCount({ url }: Arena, sql: string): Promise<Outing> {
  return connected(url, async (client) => {
    let missing = Number.NaN;
    const seconds = await timed(async () => {
      const { rows } = await client.query<{ missing: number }>(sql);
      missing = rows[0]?.missing ?? Number.NaN;
    });
    return { seconds, missing };
  });
}
