import type { ClientBase } from 'pg';
import { ArrayText } from '../ids.ts';
import type { Clock } from '../port.ts';
import { heapSql, missingInHeapSql, SAFE_SQL } from '../sql/heap.ts';
import type { Mapping } from '../sql/mapping.ts';
import { ahead } from './ahead.ts';
import { readRows } from './cursor.ts';
import type { Server } from './server.ts';
import { sqlState } from './sqlstate.ts';
import { EPOCH_ROWS, epochSettings } from './stream.ts';
import type { Settings } from './transaction.ts';

/** Users that lie together: their ids, ascending, and where their rows are, as the text of an array of places. */
export class Neighbours extends ArrayText {
  readonly places: string;

  constructor(ids: string, places: string) {
    super(ids);
    this.places = places;
  }

  override slice(from: number, to: number): Neighbours {
    const places = this.places.slice(2, -2).split('","').slice(from, to);
    return new Neighbours(super.slice(from, to).text, `{"${places.join('","')}"}`);
  }
}

export interface HeapOptions {
  rowSecurity: boolean;
  batchSize: number;
  clock: Clock;
  /** As the run found it: so many users were missing, */
  missing: number;
  /** and nobody had a row. Whoever has one by now is found to have it when it is to be written. */
  empty: boolean;
  /** From before the measure looked: rows that are older were counted there. */
  horizon: string;
}

/** Blocks per epoch, of 8 kB: 128 MB, or about 100,000 users. */
const EPOCH_BLOCKS = 16_384;

/**
 * Missing users in the order in which their rows lie, in epochs like those of a stream by id. To read and to write them is a
 * third cheaper: neighbours share pages, and a place needs no index. Rows that are written anew meanwhile are left out, and
 * all that follow a timeout; nobody comes twice.
 */
export class Heap {
  readonly #server: Server;
  readonly #mapping: Mapping;
  readonly #options: HeapOptions;
  readonly #settings: Settings;
  #handedOut = 0;
  #look: Look | null = null;

  constructor(server: Server, mapping: Mapping, options: HeapOptions) {
    this.#server = server;
    this.#mapping = mapping;
    this.#options = options;
    this.#settings = {
      ...epochSettings(options.rowSecurity),
      // One look at an index for each user: the order stays that of the heap, and nothing is built from all of the target.
      enable_seqscan: 'off',
      enable_hashjoin: 'off',
      enable_mergejoin: 'off',
    };
  }

  async *stream(): AsyncGenerator<Neighbours> {
    for await (const epoch of ahead(this.#epochs())) {
      for (const neighbours of epoch) {
        this.#handedOut += neighbours.length;
        yield neighbours;
      }
    }
  }

  /**
   * Waits until all that was written is safe. True: that were all who were missing, and the server has lost none of it, as it
   * may when it crashes.
   */
  async isAll(): Promise<boolean> {
    if (this.#look === null) return false;
    const settings = { statement_timeout: '60s', lock_timeout: '5s' };
    const steps = [{ settings: {}, text: SAFE_SQL }];
    const [row] = await this.#server.retry(() => this.#server.atOnce<{ up: string }>(settings, steps));
    return row?.up === this.#look.up && this.#handedOut === this.#options.missing;
  }

  async *#epochs(): AsyncGenerator<Neighbours[]> {
    const { batchSize, clock, empty, horizon } = this.#options;
    const limit = Math.ceil(EPOCH_ROWS / batchSize) * batchSize;
    const text = missingInHeapSql(this.#mapping, batchSize, empty);
    this.#look = await this.#server.read(this.#settings, (client) => lookAtHeap(client, this.#mapping));
    if (this.#look === null) return;
    const { blocks, file } = this.#look;
    for (let after = START; after.block < blocks; ) {
      const before = { block: after.block + EPOCH_BLOCKS, item: 0 };
      const range = [textOf(after), textOf(before)];
      const chunks = await this.#read(text, [limit, clock.cutoff, clock.future, ...range, horizon, file]);
      if (chunks === null) return;
      yield chunks.flatMap(({ ids, places }) => (ids === null || places === null ? [] : [new Neighbours(ids, places)]));
      const seen = chunks.reduce((sum, chunk) => sum + chunk.seen, 0);
      after = seen < limit ? before : placeOf(chunks.at(-1)?.last ?? '');
    }
  }

  /** null: it took too long */
  async #read(text: string, values: readonly unknown[]): Promise<Chunk[] | null> {
    try {
      return await this.#server.read(this.#settings, (client) => readRows<Chunk>(client, text, values, EPOCH_ROWS));
    } catch (error) {
      if (sqlState(error) === '57014') return null;
      throw error;
    }
  }
}

interface Chunk {
  ids: string | null;
  places: string | null;
  seen: number;
  last: string;
}

interface Look {
  blocks: number;
  file: string;
  up: string;
}

/** null: the order in which the rows lie cannot be used here. */
async function lookAtHeap(client: ClientBase, mapping: Mapping): Promise<Look | null> {
  const { rows } = await client.query<{ blocks: string; file: string; up: string }>(heapSql(mapping));
  const [row] = rows;
  return row ? { ...row, blocks: Number(row.blocks) } : null;
}

/** A block of the table and an item in it, of which the first is 1. */
interface Place {
  block: number;
  item: number;
}

const START: Place = { block: 0, item: 0 };

function textOf({ block, item }: Place): string {
  return `(${block},${item})`;
}

function placeOf(text: string): Place {
  const [block = Number.NaN, item = Number.NaN] = text.slice(1, -1).split(',').map(Number);
  return { block, item };
}
