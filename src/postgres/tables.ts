import type { Ids } from '../ids.ts';
import type { Clock, Measure, Outcome, Scope, Standing, Tables } from '../port.ts';
import { callSql } from '../sql/call.ts';
import type { Mapping } from '../sql/mapping.ts';
import { shardBounds } from '../sql/shard.ts';
import { missingSql, staleSql } from '../sql/stream.ts';
import { insertSql } from '../sql/write.ts';
import { Caller } from './call.ts';
import { explained, explainedEach } from './database-fault.ts';
import { Heap, Neighbours } from './heap.ts';
import { type Measured, type MeasureOptions, measure } from './measure.ts';
import type { Pace } from './pace.ts';
import { prove } from './prove.ts';
import type { Server } from './server.ts';
import { type StreamOptions, streamIds } from './stream.ts';
import { type Batches, Writer } from './write.ts';

export interface TablesOptions extends MeasureOptions {
  sourceForeignKeys: readonly string[];
  batches: Batches;
  /** null: writes as fast as it can */
  pace: Pace | null;
}

/** Both tables, under a mapping, over the PostgreSQL protocol. */
export class PostgresTables implements Tables {
  readonly #server: Server;
  readonly #mapping: Mapping;
  readonly #options: TablesOptions;
  readonly #writer: Writer;
  /** null: rows are inserted */
  readonly #caller: Caller | null;
  readonly #pace: Pace | null;
  /** The last measure, where it found a large share of all users missing. */
  #crowd: Measured | null = null;
  /** Users who were handed out and have no row for all that. */
  readonly #unwritten = new Set<string>();

  constructor(server: Server, mapping: Mapping, options: TablesOptions) {
    const { rowSecurity, sourceForeignKeys, batches } = options;
    this.#server = server;
    this.#mapping = mapping;
    this.#options = options;
    this.#writer = new Writer(server, mapping, { rowSecurity, sourceForeignKeys, batches });
    this.#caller = mapping.repair && new Caller(server, mapping, mapping.repair, this.#writer);
    this.#pace = options.writes.insert ? options.pace : null;
  }

  prove(depth: 'read' | 'write') {
    return explained('judge the mapping', prove(this.#server, this.#mapping, depth, this.#options.rowSecurity));
  }

  async measure(scope: Scope, clock?: Clock): Promise<Measure> {
    if (!clock) await this.#pace?.look();
    const work = measure(this.#server, this.#mapping, scope, clock ?? null, this.#options);
    const seen = await explained('measure', work);
    this.#crowd = isCrowd(seen.measured) ? seen : null;
    return seen.measured;
  }

  *missing(scope: Scope, clock: Clock, batchSize: number): Generator<AsyncGenerator<Ids>> {
    const { cutoff, future } = clock;
    const byId = () => this.#stream(scope, batchSize, [cutoff, future], (scoped) => missingSql(this.#mapping, scoped));
    const heap = this.#heap(scope, batchSize);
    if (heap === null) return yield byId();
    yield explainedEach('stream ids', heap.stream());
    yield this.#leftBy(heap, byId);
  }

  stale(scope: Scope, batchSize: number): AsyncGenerator<string[]> {
    return this.#stream(scope, batchSize, [], (scoped) => staleSql(this.#mapping, scoped));
  }

  write(ids: Ids, stop: AbortSignal): AsyncGenerator<Outcome[]> {
    if (this.#caller) return explainedEach('call the repair function', this.#caller.write(ids, stop));
    const insert = (part: Ids) => this.#writer.insert(part, part instanceof Neighbours ? part.places : null);
    const inserted = this.#pace ? this.#pace.each(ids, stop, insert) : insert(ids);
    return this.#remembered(explainedEach('insert', inserted));
  }

  refresh(ids: Ids) {
    return explainedEach('refresh', this.#writer.refresh(ids));
  }

  stand(ids: readonly string[]): Promise<Standing[]> {
    return explained('look up users', this.#writer.stand(ids));
  }

  statement(): string {
    const { repair } = this.#mapping;
    return repair ? `-- for each missing user\n${callSql(this.#mapping, repair, '$1')}` : insertSql(this.#mapping);
  }

  /** null: by id it is faster, or safer */
  #heap(scope: Scope, batchSize: number): Heap | null {
    const { indexed, rowSecurity } = this.#options;
    if (this.#crowd === null || this.#caller || !indexed || !isEverybody(scope)) return null;
    const { clock, missing, targetEmpty: empty } = this.#crowd.measured;
    const { horizon } = this.#crowd;
    return new Heap(this.#server, this.#mapping, { rowSecurity, batchSize, clock, missing, empty, horizon });
  }

  async *#leftBy(heap: Heap, byId: () => AsyncGenerator<Ids>): AsyncGenerator<Ids> {
    if (await explained('make it safe', heap.isAll())) return;
    for await (const batch of byId()) {
      const ids = [...batch].filter((id) => !this.#unwritten.has(id));
      if (ids.length > 0) yield ids;
    }
  }

  async *#remembered(settled: AsyncGenerator<Outcome[]>): AsyncGenerator<Outcome[]> {
    for await (const outcomes of settled) {
      for (const { id, kind } of outcomes) if (kind === 'failed' || kind === 'suppressed') this.#unwritten.add(id);
      yield outcomes;
    }
  }

  #stream(scope: Scope, batchSize: number, values: readonly string[], sql: StreamOptions['sql']) {
    const range = { ...shardBounds(scope.shard), since: scope.since };
    const options = { rowSecurity: this.#options.rowSecurity, batchSize, sql, values };
    return explainedEach('stream ids', streamIds(this.#server, this.#mapping, range, options));
  }
}

/** From so many missing users on, and this share of all, it pays to read all of the wide rows as they lie. */
const CROWD = { users: 10_000, share: 0.2 };

function isCrowd({ missing, sourceTotal }: Measure): boolean {
  return missing >= CROWD.users && missing >= CROWD.share * sourceTotal;
}

function isEverybody({ since, shard }: Scope): boolean {
  return since === null && shard === null;
}
