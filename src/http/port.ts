import type { Retry } from '../attempts/retry.ts';
import type { Facts, Finding } from '../facts.ts';
import { Fault } from '../fault.ts';
import type { Ids } from '../ids.ts';
import type { PastRun } from '../past-run.ts';
import type { Candidate, Clock, Lease, Measure, Names, Outcome, Port, Scope, Standing, Tables } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import { mappingHash } from '../sql/mapping-hash.ts';
import { display, type Name } from '../sql/name.ts';
import { insertSql } from '../sql/write.ts';
import type { Address } from './address.ts';
import { DataApi, foreign } from './data-api.ts';
import { type FactsAnswer, factsOf } from './facts.ts';
import { Functions, MAKE_AGAIN, OF_ANOTHER_MAPPING } from './functions.ts';
import { readRuns, recordRun } from './history.ts';
import { type MeasureOptions, measure } from './measure.ts';
import { streamMissing } from './missing.ts';
import { Writer } from './write.ts';

export interface HttpOptions {
  signal: AbortSignal;
  onRetry: (retry: Pick<Retry, 'action' | 'code'>) => void;
  /** The longest that a call may take; for tests. */
  limitMs?: number | undefined;
}

/** Reaches the database through the Data API of the project and the functions of `userdrift sql functions`. */
export async function openHttp(address: Address, options: HttpOptions): Promise<Port> {
  const batches = { count: 0, retried: 0, split: 0 };
  const api = await DataApi.open(address, {
    ...options,
    onRetry: (retry) => {
      batches.retried += 1;
      options.onRetry(retry);
    },
  });
  return new HttpPort(api, batches);
}

class HttpPort implements Port {
  readonly transport = 'http';
  readonly #api: DataApi;
  readonly batches: Port['batches'];
  #looked: Promise<FactsAnswer> | null = null;
  /** The mapping that the functions had when they were looked at. */
  #mapping: string | null = null;

  constructor(api: DataApi, batches: Port['batches']) {
    this.#api = api;
    this.batches = batches;
  }

  get address() {
    return { host: this.#api.address.host, database: 'postgres', user: 'service_role' };
  }

  get notes() {
    return this.#api.address.notes;
  }

  /** The functions were made for one table. */
  async candidates(source: Name): Promise<Candidate[]> {
    const { facts } = await this.#look();
    if (display(facts.names.source) !== display(source)) return [];
    const { target, key } = facts.names;
    return [{ target, key, references: true, unique: true, filled: false }];
  }

  async inspect(names: Names): Promise<Facts> {
    const answer = await this.#look();
    const made = answer.facts.names;
    const same = (a: Name, b: Name) => display(a) === display(b);
    const fits = names.target === null || (same(made.target, names.target) && made.key === names.key);
    if (!same(made.source, names.source) || !fits) {
      const what = `${display(made.target)} (key ${made.key}) from ${display(made.source)}`;
      throw new Fault('functions_of_another_mapping', `${OF_ANOTHER_MAPPING}: for ${what}`, { fix: MAKE_AGAIN });
    }
    this.#mapping = answer.mapping;
    return factsOf(answer, names, this.#api.address.url.startsWith('https:'));
  }

  /** There is no session over HTTP that could hold a lock. */
  async lease(): Promise<Lease> {
    return { lost: new AbortController().signal, release: async () => {}, note: NO_LOCK };
  }

  bind(mapping: Mapping, options: Parameters<Port['bind']>[1]): Tables {
    const functions = new Functions(this.#api, mappingHash(mapping));
    const fits = functions.mapping === this.#mapping;
    return new HttpTables(functions, mapping, options, new Writer(functions, this.batches), fits);
  }

  record(run: PastRun, signal: AbortSignal): Promise<boolean> {
    return recordRun(this.#api, run, signal);
  }

  pastRuns(limit: number, target: string | null): Promise<PastRun[] | null> {
    return readRuns(this.#api, limit, target);
  }

  async close(how: 'settle' | 'now'): Promise<void> {
    if (how === 'now') this.#api.abandon();
  }

  #look(): Promise<FactsAnswer> {
    this.#looked ??= lookAt(this.#api);
    return this.#looked;
  }
}

async function lookAt(api: DataApi): Promise<FactsAnswer> {
  const options = { late: 'reconnect', own: [] } as const;
  const args = { scope: { facts: true } };
  const answer = await api.call<FactsAnswer>('look at the tables', 'userdrift_measure', args, options);
  if ('facts' in answer) return answer;
  throw foreign('userdrift_measure');
}

const NO_LOCK = {
  code: 'no_run_lock',
  message: 'there is no run lock over HTTP: two runs at once do the same work twice, and no harm',
  fix: 'start them one after the other, or run over DATABASE_URL',
};

/** Users per call. 500 rows take 30 ms; isolating 500 bad ones stays far below the 8 s of the Data API. */
const LARGEST_BATCH = 500;

class HttpTables implements Tables {
  readonly #functions: Functions;
  readonly #mapping: Mapping;
  readonly #options: MeasureOptions;
  readonly #writer: Writer;
  readonly #fits: boolean;

  constructor(functions: Functions, mapping: Mapping, options: MeasureOptions, writer: Writer, fits: boolean) {
    this.#functions = functions;
    this.#mapping = mapping;
    this.#options = options;
    this.#writer = writer;
    this.#fits = fits;
  }

  /** The database judged the mapping when the functions were made from it. */
  async prove(): Promise<Finding[]> {
    if (this.#fits) return [];
    const code = 'functions_of_another_mapping';
    return [{ about: 'columns', level: 'problem', code, fact: OF_ANOTHER_MAPPING, fix: MAKE_AGAIN, verdict: 'failed' }];
  }

  measure(scope: Scope, clock?: Clock): Promise<Measure> {
    return measure(this.#functions, scope, clock ?? null, this.#options);
  }

  missing(scope: Scope, clock: Clock, batchSize: number): AsyncGenerator<string[]>[] {
    return [streamMissing(this.#functions, scope, clock, Math.min(batchSize, LARGEST_BATCH))];
  }

  stale(): never {
    throw new TypeError(NO_REFRESH);
  }

  write(ids: Ids): AsyncGenerator<Outcome[]> {
    return this.#writer.insert([...ids]);
  }

  refresh(): never {
    throw new TypeError(NO_REFRESH);
  }

  stand(ids: readonly string[]): Promise<Standing[]> {
    return this.#writer.stand(ids);
  }

  /** It is inside public.sync_users_from_auth. */
  statement(): string {
    return insertSql(this.#mapping);
  }
}

const NO_REFRESH = 'refresh is refused before a run over HTTP begins';
