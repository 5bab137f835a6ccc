import type { ClientBase } from 'pg';
import Cursor from 'pg-cursor';
import type { Clock } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import { type Range, type Scoped, scopedBy } from '../sql/scope.ts';
import { windowEndSql } from '../sql/stream.ts';
import type { Server } from './server.ts';
import { sqlState } from './sqlstate.ts';
import type { Settings } from './transaction.ts';

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
  sql: (scope: Scoped) => string;
  clock: Clock | null;
}

interface Epoch {
  ids: string[];
  /** The last id looked at; null: the window is exhausted. */
  cutAt: string | null;
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
  let held: string[] = [];
  for await (const ids of epochs(server, mapping, scope, options)) {
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
      const epoch = await server.read(settings, (client) => readEpoch(client, range, options));
      yield epoch.ids;
      after = epoch.cutAt ?? window.upTo;
      if (epoch.cutAt !== null) continue;
      if (window.upTo === scope.upTo) return;
      window = null;
    } catch (error) {
      if (sqlState(error) !== '57014' || rows <= SMALLEST_WINDOW) throw error;
      rows = Math.ceil(rows / 2);
      window = null;
    }
  }
}

function settingsOf(mapping: Mapping, { rowSecurity }: StreamOptions): Settings {
  return {
    statement_timeout: '15s',
    lock_timeout: '5s',
    row_security: rowSecurity ? 'on' : 'off',
    // As it was proved: a function in public must not stand in for one of pg_catalog.
    search_path: '',
    // The bound inside the anti-join is missing for text keys; a scan of the target per epoch would be quadratic.
    ...(mapping.keyType === 'text' ? { enable_seqscan: 'off' } : {}),
  };
}

/** The next `rows` source rows; the last window ends where the scope ends. */
async function nextWindow(client: ClientBase, mapping: Mapping, range: Range, rows: number): Promise<Range> {
  const result = await client.query<{ id: string }>(windowEndSql(mapping, scopedBy(range)), [rows]);
  return { ...range, upTo: result.rows[0]?.id ?? range.upTo };
}

async function readEpoch(client: ClientBase, range: Range, options: StreamOptions): Promise<Epoch> {
  // pg-cursor drops an error that arrives between its last row and the server's "ready": the read would never settle.
  let lost = () => {};
  const loss = new Promise<never>((_, reject) => {
    lost = () => reject(new Error('Connection terminated while reading'));
    client.once('end', lost);
  });
  try {
    return await Promise.race([readRows(client, range, options), loss]);
  } finally {
    client.off('end', lost);
  }
}

async function readRows(client: ClientBase, range: Range, options: StreamOptions): Promise<Epoch> {
  const { clock } = options;
  const values = clock ? [EPOCH_ROWS, clock.cutoff, clock.future] : [EPOCH_ROWS];
  const cursor = client.query(new Cursor<{ id: string; due: boolean }>(options.sql(scopedBy(range)), values));
  const until = performance.now() + EPOCH_MS;
  const ids: string[] = [];
  let seen = 0;
  for (let exhausted = false; !exhausted; ) {
    const rows = await cursor.read(READ_ROWS);
    for (const { id, due } of rows) if (due) ids.push(id);
    seen += rows.length;
    exhausted = rows.length < READ_ROWS && seen < EPOCH_ROWS;
    const last = rows.at(-1)?.id;
    if (last !== undefined && !exhausted && (seen >= EPOCH_ROWS || performance.now() > until)) {
      await cursor.close();
      return { ids, cutAt: last };
    }
  }
  return { ids, cutAt: null };
}
