import type { ClientBase } from 'pg';
import Cursor from 'pg-cursor';
import type { Clock } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import type { Range } from '../sql/scope.ts';
import { windowEndSql } from '../sql/stream.ts';
import type { Server, Settings } from './server.ts';
import { sqlState } from './sqlstate.ts';

/** Source rows per window: without windows a sparse drift held one snapshot for 6-10 s on 10 million users. */
const WINDOW_ROWS = 500_000;
/** Below this a window that times out is no matter of size. */
const SMALLEST_WINDOW = 1000;
/** Ids per epoch, all of them held in memory (about 2 MB) so that slow writers never hold the snapshot. */
const EPOCH_ROWS = 20_000;
const READ_ROWS = 5000;
/** An epoch ends after this, however much it found. */
const EPOCH_MS = 5000;

export interface StreamOptions {
  rowSecurity: boolean;
  batchSize: number;
  /** `$1` limit, and for missing users `$2` cutoff and `$3` future */
  sql: (range: Range) => string;
  clock: Clock | null;
}

interface Epoch {
  ids: string[];
  /** The last id looked at; null: the window is exhausted. */
  cutAt: string | null;
  /** The end of the window; null: it was the last one. */
  end: string | null;
}

/**
 * Streams ids in ascending order, in batches, through short epochs: each is one read-only transaction with a cursor over
 * a window of the source, and it is over before its first batch is handed out. A lost connection starts a new epoch.
 */
export async function* streamIds(
  server: Server,
  mapping: Mapping,
  scope: Range,
  options: StreamOptions,
): AsyncGenerator<string[]> {
  const window = { rows: WINDOW_ROWS };
  let held: string[] = [];
  let after = scope.after;
  for (let done = false; !done; ) {
    const epoch = await readEpoch(server, mapping, { ...scope, after }, options, window);
    held.push(...epoch.ids);
    after = epoch.cutAt ?? epoch.end;
    done = epoch.cutAt === null && epoch.end === null;
    const whole = done ? held.length : held.length - (held.length % options.batchSize);
    for (let at = 0; at < whole; at += options.batchSize) yield held.slice(at, Math.min(at + options.batchSize, whole));
    held = held.slice(whole);
  }
}

/** One epoch; a window that runs into the statement timeout is halved and tried again. */
async function readEpoch(
  server: Server,
  mapping: Mapping,
  range: Range,
  options: StreamOptions,
  window: { rows: number },
): Promise<Epoch> {
  for (;;) {
    try {
      return await server.read(settingsOf(mapping, options), async (client) => {
        const end = await windowEnd(client, mapping, range, window.rows);
        const found = await readWindow(client, { ...range, upTo: end ?? range.upTo }, options);
        return { ...found, end };
      });
    } catch (error) {
      if (sqlState(error) !== '57014' || window.rows <= SMALLEST_WINDOW) throw error;
      window.rows = Math.ceil(window.rows / 2);
    }
  }
}

function settingsOf(mapping: Mapping, { rowSecurity }: StreamOptions): Settings {
  return {
    statement_timeout: '15s',
    lock_timeout: '5s',
    row_security: rowSecurity ? 'on' : 'off',
    // The bound inside the anti-join is missing for text keys; a scan of the target per epoch would be quadratic.
    ...(mapping.keyType === 'text' ? { enable_seqscan: 'off' } : {}),
  };
}

async function windowEnd(client: ClientBase, mapping: Mapping, range: Range, rows: number): Promise<string | null> {
  const result = await client.query<{ id: string }>(windowEndSql(mapping, range), [rows]);
  return result.rows[0]?.id ?? null;
}

async function readWindow(client: ClientBase, range: Range, options: StreamOptions): Promise<Omit<Epoch, 'end'>> {
  const { clock } = options;
  const values = clock ? [EPOCH_ROWS, clock.cutoff, clock.future] : [EPOCH_ROWS];
  const cursor = client.query(new Cursor<{ id: string; due: boolean }>(options.sql(range), values));
  const until = performance.now() + EPOCH_MS;
  const ids: string[] = [];
  let seen = 0;
  let last: string | null = null;
  try {
    for (;;) {
      const rows = await cursor.read(READ_ROWS);
      for (const { id, due } of rows) if (due) ids.push(id);
      seen += rows.length;
      last = rows.at(-1)?.id ?? last;
      if (rows.length < READ_ROWS && seen < EPOCH_ROWS) return { ids, cutAt: null };
      if (seen >= EPOCH_ROWS || performance.now() > until) return { ids, cutAt: last };
    }
  } finally {
    await cursor.close();
  }
}
