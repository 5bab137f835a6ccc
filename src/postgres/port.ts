import type { Facts } from '../facts.ts';
import type { Ids } from '../ids.ts';
import type { PastRun } from '../past-run.ts';
import type { Candidate, Clock, Lease, Measure, Names, Outcome, Port, Scope, Standing, Tables } from '../port.ts';
import { callSql } from '../sql/call.ts';
import type { Mapping } from '../sql/mapping.ts';
import type { Name } from '../sql/name.ts';
import { shardBounds } from '../sql/shard.ts';
import type { Signature } from '../sql/signatures.ts';
import { missingSql, staleSql } from '../sql/stream.ts';
import { insertSql } from '../sql/write.ts';
import type { Address } from './address.ts';
import { Caller } from './call.ts';
import { findCandidates, findProspects, type Prospect } from './candidates.ts';
import { explained, explainedEach } from './database-fault.ts';
import { Heap, Neighbours } from './heap.ts';
import { readRuns, recordRun } from './history.ts';
import { inspect } from './inspect.ts';
import { readSite, type Site } from './installed.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { prove } from './prove.ts';
import { takeRunLock } from './run-lock.ts';
import { Server } from './server.ts';
import { readSignUpCode, type SignUpCode } from './sign-up-code.ts';
import { type StreamOptions, streamIds } from './stream.ts';
import { type Batches, Writer } from './write.ts';

export interface PostgresOptions {
  runId: string;
  /** writers at the same time */
  concurrency: number;
  signal: AbortSignal;
  onRetry: (retry: { action: string; code: string | null }) => void;
}

/** What only this protocol can tell. */
export interface Postgres extends Port {
  /** What SQL to be printed meets: what there is of ours, and what is in the way of the functions `wanted`. */
  site(wanted: readonly Signature[], target: Name | null): Promise<Site>;
  /** Tables that may be the target, in the wider sense of init. */
  prospects(source: Name): Promise<Prospect[]>;
  /** The code of the app that sees a sign-up, for a person to read. */
  signUpCode(source: Name): Promise<SignUpCode[]>;
}

/** Reaches the database over the PostgreSQL protocol. Throws a Fault where it cannot be reached. */
export async function openPostgres(address: Address, options: PostgresOptions): Promise<Postgres> {
  const batches: Batches = { count: 0, retried: 0, split: 0 };
  const server = new Server(address, {
    runId: options.runId,
    connections: options.concurrency + 1,
    signal: options.signal,
    onRetry: (retry) => {
      batches.retried += 1;
      options.onRetry(retry);
    },
  });
  try {
    await server.connect();
  } catch (error) {
    await server.close('now');
    throw error;
  }
  return new PostgresPort(server, batches);
}

class PostgresPort implements Postgres {
  readonly transport = 'postgres';
  readonly #server: Server;
  readonly batches: Batches;
  #facts: Facts | null = null;

  constructor(server: Server, batches: Batches) {
    this.#server = server;
    this.batches = batches;
  }

  get address() {
    const { host, database, user } = this.#server.address;
    return { host, database, user };
  }

  get notes() {
    return this.#server.address.notes;
  }

  candidates(source: Name): Promise<Candidate[]> {
    return explained('look for the target', findCandidates(this.#server, source));
  }

  async inspect(names: Names): Promise<Facts> {
    this.#facts = await explained('look at the tables', inspect(this.#server, names));
    return this.#facts;
  }

  site(wanted: readonly Signature[], target: Name | null): Promise<Site> {
    return explained('look at what is installed', readSite(this.#server, wanted, target));
  }

  prospects(source: Name): Promise<Prospect[]> {
    return explained('look for the target', findProspects(this.#server, source));
  }

  signUpCode(source: Name): Promise<SignUpCode[]> {
    return explained('look at the triggers', readSignUpCode(this.#server, source));
  }

  bind(mapping: Mapping, asked: Omit<MeasureOptions, 'indexed'>): Tables {
    const options = { ...asked, indexed: isIndexed(this.#facts?.target ?? null, mapping.key) };
    const sourceForeignKeys = this.#facts?.target?.sourceForeignKeys ?? [];
    const writing = { rowSecurity: options.rowSecurity, sourceForeignKeys, batches: this.batches };
    const writer = new Writer(this.#server, mapping, writing);
    const caller = mapping.repair && new Caller(this.#server, mapping, mapping.repair, writer);
    return new PostgresTables(this.#server, mapping, options, writer, caller);
  }

  lease(target: Name, scope: Scope, waitMs: number, onLoss: 'retake' | 'end' = 'retake'): Promise<Lease | null> {
    return explained('take the run lock', takeRunLock(this.#server, target, scope, { waitMs, onLoss }));
  }

  record(run: PastRun): Promise<boolean> {
    return recordRun(this.#server, run);
  }

  pastRuns(limit: number, target: string | null): Promise<PastRun[] | null> {
    return explained('read the history', readRuns(this.#server, limit, target));
  }

  async close(how: 'settle' | 'now'): Promise<void> {
    await this.#server.close(how);
  }
}

class PostgresTables implements Tables {
  readonly #server: Server;
  readonly #mapping: Mapping;
  readonly #options: MeasureOptions;
  readonly #writer: Writer;
  /** null: rows are inserted */
  readonly #caller: Caller | null;
  /** The last measure, where it found a large share of all users missing. */
  #crowd: Measure | null = null;
  /** Users who were handed out and have no row for all that. */
  readonly #unwritten = new Set<string>();

  constructor(server: Server, mapping: Mapping, options: MeasureOptions, writer: Writer, caller: Caller | null) {
    this.#server = server;
    this.#mapping = mapping;
    this.#options = options;
    this.#writer = writer;
    this.#caller = caller;
  }

  prove(depth: 'read' | 'write') {
    return explained('judge the mapping', prove(this.#server, this.#mapping, depth, this.#options.rowSecurity));
  }

  async measure(scope: Scope, clock?: Clock): Promise<Measure> {
    const work = measure(this.#server, this.#mapping, scope, clock ?? null, this.#options);
    const measured = await explained('measure', work);
    this.#crowd = isCrowd(measured) ? measured : null;
    return measured;
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

  write(ids: Ids, stop: AbortSignal) {
    if (this.#caller) return explainedEach('call the repair function', this.#caller.write(ids, stop));
    return this.#remembered(
      explainedEach('insert', this.#writer.insert(ids, ids instanceof Neighbours ? ids.places : null)),
    );
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
    const { clock, missing, targetEmpty: empty } = this.#crowd;
    return new Heap(this.#server, this.#mapping, { rowSecurity, batchSize, clock, missing, empty });
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

/** Types that an index compares as we do; others are cast first, to what no index of theirs knows. */
const COMPARED = new Set(['uuid', 'text', 'character varying']);

/** Does an index lead from an id to its row? */
function isIndexed(target: Facts['target'], key: string): boolean {
  const base = target?.columns.find(({ name }) => name === key)?.base;
  if (!target || base === undefined || !COMPARED.has(base)) return false;
  return target.indexes.some(({ valid, partial, columns: [first] }) => valid && !partial && first === key);
}

/** From so many missing users on, and this share of all, it pays to read all of the wide rows as they lie. */
const CROWD = { users: 10_000, share: 0.2 };

function isCrowd({ missing, sourceTotal }: Measure): boolean {
  return missing >= CROWD.users && missing >= CROWD.share * sourceTotal;
}

function isEverybody({ since, shard }: Scope): boolean {
  return since === null && shard === null;
}
