import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, connected } from './arena.ts';

/** What was seen of the sessions in an arena: the worst of all looks, in milliseconds. */
export interface Sight {
  /** The age of a transaction of the role postgres that holds back what vacuum may remove. */
  oldestSnapshot: number;
  /** How long anybody had waited for a lock. */
  longestLockWait: number;
}

const LOOK_MS = 100;

const LOOK_SQL = `
select
  (select coalesce(max(1000 * extract(epoch from clock_timestamp() - a.xact_start)), 0)::float8
   from pg_stat_activity a
   where a.datname = current_database() and a.usename = 'postgres'
     and (a.backend_xmin is not null or a.backend_xid is not null)) as "oldestSnapshot",
  (select coalesce(max(1000 * extract(epoch from clock_timestamp() - l.waitstart)), 0)::float8
   from pg_locks l join pg_stat_activity a on a.pid = l.pid
   where not l.granted and a.datname = current_database()) as "longestLockWait"`;

/** Looks at the sessions ten times per second while the work is done. */
export async function watching(arena: Arena, work: () => Promise<unknown>): Promise<Sight> {
  const done = new AbortController();
  const looking = look(arena, done.signal);
  try {
    await work();
  } finally {
    done.abort();
    await looking;
  }
  return looking;
}

function look(arena: Arena, done: AbortSignal): Promise<Sight> {
  return connected(arena.superuserUrl, async (client) => {
    const worst: Sight = { oldestSnapshot: 0, longestLockWait: 0 };
    while (!done.aborted) {
      const [seen = worst] = (await client.query<Sight>(LOOK_SQL)).rows;
      worst.oldestSnapshot = Math.max(worst.oldestSnapshot, seen.oldestSnapshot);
      worst.longestLockWait = Math.max(worst.longestLockWait, seen.longestLockWait);
      await sleep(LOOK_MS, undefined, { signal: done }).catch(() => {});
    }
    return worst;
  });
}
