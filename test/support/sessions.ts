import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { TestDatabase } from './database.ts';

/** One look at one session of a role. */
export interface Look {
  pid: number;
  state: string;
  query: string;
  /** Milliseconds since the transaction began; null: none is open. */
  age: number | null;
  /** It holds back the horizon of vacuum. */
  snapshot: boolean;
  /** It holds a lock on auth.users, which `alter table` would wait for. */
  onSource: boolean;
  /** It holds a lock on any table of the users'. */
  onTables: boolean;
  /** It holds an advisory lock. */
  runLock: boolean;
}

/** Looks at the sessions of a role again and again, until it is told to stop. */
export function watchSessions(db: TestDatabase, role: string): { stop(): Promise<Look[]> } {
  const looks: Look[] = [];
  const done = new AbortController();
  const watching = watch(db, role, looks, done.signal);
  return {
    async stop() {
      done.abort();
      await watching;
      return looks;
    },
  };
}

async function watch(db: TestDatabase, role: string, looks: Look[], done: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: db.superuserUrl });
  await client.connect();
  try {
    while (!done.aborted) {
      looks.push(...(await client.query<Look>(LOOK, [role])).rows);
      await sleep(50);
    }
  } finally {
    await client.end();
  }
}

const LOOK = `
select a.pid, a.state, a.query, a.backend_xmin is not null as snapshot,
  1000 * extract(epoch from clock_timestamp() - a.xact_start)::float8 as age,
  coalesce(bool_or(l.relation = 'auth.users'::regclass), false) as "onSource",
  coalesce(bool_or(c.relkind in ('r', 'p') and c.relnamespace >= 16384), false) as "onTables",
  coalesce(bool_or(l.locktype = 'advisory'), false) as "runLock"
from pg_stat_activity a
  left join pg_locks l on l.pid = a.pid and l.granted
  left join pg_class c on c.oid = l.relation
where a.usename = $1 and a.datname = current_database()
group by a.pid, a.state, a.query, a.backend_xmin, a.xact_start`;
