import type { Facts } from '../facts.ts';
import type { PastRun } from '../past-run.ts';
import type { Candidate, Lease, Names, Port, Scope, Tables } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import type { Name } from '../sql/name.ts';
import type { Signature } from '../sql/signatures.ts';
import { TRAFFIC_SQL } from '../sql/traffic.ts';
import type { Address } from './address.ts';
import { findCandidates, findProspects, type Prospect } from './candidates.ts';
import { explained } from './database-fault.ts';
import { readRuns, recordRun } from './history.ts';
import { inspect } from './inspect.ts';
import { readSite, type Site } from './installed.ts';
import type { MeasureOptions } from './measure.ts';
import { Pace } from './pace.ts';
import { takeRunLock } from './run-lock.ts';
import { Server } from './server.ts';
import { readSignUpCode, type SignUpCode } from './sign-up-code.ts';
import { PostgresTables } from './tables.ts';
import type { Batches } from './write.ts';

export interface PostgresOptions {
  runId: string;
  /** writers at the same time */
  concurrency: number;
  /** Writes slowly while people sign up and log in. */
  givesWay?: boolean | undefined;
  /** Told when it begins to, and when it no longer does. */
  onPace?: ((givesWay: boolean) => void) | undefined;
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
  return new PostgresPort(server, batches, options.givesWay ? paceOf(server, options) : null);
}

function paceOf(server: Server, { onPace }: PostgresOptions): Pace {
  const settings = { statement_timeout: '15s', lock_timeout: '5s' };
  const count = async () => {
    const [row] = await server.atOnce<{ rows: number }>(settings, [{ settings: {}, text: TRAFFIC_SQL }]);
    return row?.rows ?? 0;
  };
  return new Pace(count, onPace ?? (() => {}));
}

class PostgresPort implements Postgres {
  readonly transport = 'postgres';
  readonly #server: Server;
  readonly batches: Batches;
  readonly #pace: Pace | null;
  #facts: Facts | null = null;

  constructor(server: Server, batches: Batches, pace: Pace | null) {
    this.#server = server;
    this.batches = batches;
    this.#pace = pace;
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
    const { batches } = this;
    return new PostgresTables(this.#server, mapping, { ...options, sourceForeignKeys, batches, pace: this.#pace });
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

/** Types that an index compares as we do; others are cast first, to what no index of theirs knows. */
const COMPARED = new Set(['uuid', 'text', 'character varying']);

/** Does an index lead from an id to its row? */
function isIndexed(target: Facts['target'], key: string): boolean {
  const base = target?.columns.find(({ name }) => name === key)?.base;
  if (!target || base === undefined || !COMPARED.has(base)) return false;
  return target.indexes.some(({ valid, partial, columns: [first] }) => valid && !partial && first === key);
}
