import type { ClientBase } from 'pg';
import type { Mapping } from '../sql/mapping.ts';
import { type Range, type Scoped, scopedBy } from '../sql/scope.ts';
import { inChunks, windowEndSql } from '../sql/stream.ts';
import { ahead } from './ahead.ts';
import { readRows } from './cursor.ts';
import type { Server } from './server.ts';
import { sqlState } from './sqlstate.ts';
import type { Settings } from './transaction.ts';

/** Source rows per window: without windows a sparse drift held one snapshot for 6-10 s on 10 million users. */
const WINDOW_ROWS = 500_000;
/** Below this a window that times out is no matter of size. */
const SMALLEST_WINDOW = 1000;
/** Ids per epoch, all of them held in memory (about 1 MB) so that slow writers never hold the snapshot. */
export const EPOCH_ROWS = 10_000;
/** Ids in one row: each row costs the client as much as a hundred ids. */
const CHUNK = 1000;
/** Rows per read: more than an epoch has, so that one round trip brings it all. */
const CHUNKS = EPOCH_ROWS / CHUNK + 1;

export interface StreamOptions {
  rowSecurity: boolean;
  batchSize: number;
  /** `$1` limit, then `values` */
  sql: (scope: Scoped) => string;
  values: readonly string[];
}

interface Epoch {
  ids: string[];
  /** The last id looked at; null: the window is exhausted. */
  cutAt: string | null;
}

/**
 * Streams ids in ascending order, in batches, through short epochs: each is one read-only transaction with a cursor over
 * a window of the source, and it is over before its first batch is handed out; meanwhile the next one is read. A lost
 * connection starts a new epoch.
 */
export async function* streamIds(
  server: Server,
  mapping: Mapping,
  scope: Range,
  options: StreamOptions,
): AsyncGenerator<string[]> {
  let held: string[] = [];
  for await (const ids of ahead(epochs(server, mapping, scope, options))) {
    held.push(...ids);
    const whole = held.length - (held.length % options.batchSize);
    yield* batchesOf(held.slice(0, whole), options.batchSize);
    held = held.slice(whole);
  }
  yield* batchesOf(held, options.batchSize);
}

function* batchesOf(ids: readonly string[], size: number): Generator<string[]> {
  for (let at = 0; at < ids.length; at += size) yield ids.slice(at, at + size);
}

/** The ids of one epoch after the other. A statement that times out halves the windows from there on. */
async function* epochs(
  server: Server,
  mapping: Mapping,
  scope: Range,
  options: StreamOptions,
): AsyncGenerator<string[]> {
  const settings = settingsOf(mapping, options);
  let rows = WINDOW_ROWS;
  let after = scope.after;
  for (let window: Range | null = null; ; ) {
    try {
      window ??= await server.read(settings, (client) => nextWindow(client, mapping, { ...scope, after }, rows));
      const range: Range = { ...window, after };
      const epoch = await server.read(settings, (client) =>
        readEpoch(client, range, Math.min(rows, EPOCH_ROWS), options),
      );
      yield epoch.ids;
      after = epoch.cutAt ?? window.upTo;
      if (epoch.cutAt !== null) continue;
      if (window.upTo === scope.upTo) return;
      window = null;
    } catch (error) {
      if (sqlState(error) !== '57014' || rows <= SMALLEST_WINDOW) throw error;
      // A window of many epochs is not what took so long.
      rows = Math.ceil(Math.min(rows, 4 * EPOCH_ROWS) / 2);
      window = null;
    }
  }
}

/** What every epoch runs with. */
export function epochSettings(rowSecurity: boolean): Settings {
  return {
    statement_timeout: '15s',
    lock_timeout: '5s',
    row_security: rowSecurity ? 'on' : 'off',
    // As it was proved: a function in public must not stand in for one of pg_catalog.
    search_path: '',
  };
}

function settingsOf(mapping: Mapping, { rowSecurity }: StreamOptions): Settings {
  return {
    ...epochSettings(rowSecurity),
    // The bound inside the anti-join is missing for text keys; a scan of the target per epoch would be quadratic.
    ...(mapping.keyType === 'text' ? { enable_seqscan: 'off' } : {}),
  };
}

/** The next `rows` source rows; the last window ends where the scope ends. */
async function nextWindow(client: ClientBase, mapping: Mapping, range: Range, rows: number): Promise<Range> {
  const result = await client.query<{ id: string }>(windowEndSql(mapping, scopedBy(range)), [rows]);
  return { ...range, upTo: result.rows[0]?.id ?? range.upTo };
}

async function readEpoch(client: ClientBase, range: Range, limit: number, options: StreamOptions): Promise<Epoch> {
  const text = inChunks(options.sql(scopedBy(range)), CHUNK);
  const chunks = await readRows<Chunk>(client, text, [limit, ...options.values], CHUNKS);
  const ids: string[] = [];
  let seen = 0;
  for (const chunk of chunks) {
    if (chunk.ids !== null) ids.push(...chunk.ids.split(','));
    seen += chunk.seen;
  }
  return { ids, cutAt: seen >= limit ? (chunks.at(-1)?.last ?? null) : null };
}

interface Chunk {
  ids: string | null;
  seen: number;
  last: string;
}
