import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { RetryOptions } from '../attempts/retry.ts';
import { Fault } from '../fault.ts';
import { arrayText, type Ids, idsIn } from '../ids.ts';
import type { Address } from './address.ts';
import { Client, destroy, limitSilence, protocolOf } from './client.ts';
import { connectionFault } from './connection-fault.ts';
import { withRetry } from './retry.ts';
import { type Kind, keepSettings, kindOf, type Mode, modeOf, WRITE_SETTINGS } from './session.ts';
import {
  atOnce,
  isRefusedStatement,
  readOnly,
  rolledBack,
  type Settings,
  type Step,
  transaction,
} from './transaction.ts';

/** `name` is unique to the text; `more` are its parameters after the ids. */
export interface Statement {
  name: string;
  text: string;
  more: readonly string[];
}

export interface ServerOptions {
  runId: string;
  /** connections besides the run lock's own */
  connections: number;
  /** ends waits between retries */
  signal: AbortSignal;
  onRetry: NonNullable<RetryOptions['onRetry']>;
}

const CONNECT_MS = 10_000;
/** What an answer may take longer than the server's own timeout for the statement. */
const SLACK_MS = 10_000;
const CLOSE_MS = 5000;
/** Its statements are trivial: no answer means that the connection is dead, whatever TCP believes. */
const DEDICATED_QUERY_MS = 20_000;

/**
 * A database server: hands out connections, runs units of work on them and tries again what may be tried again.
 * A connection that failed in any way but by a statement that the server refused is destroyed, never used again.
 */
export class Server {
  readonly address: Address;
  readonly #options: ServerOptions;
  readonly #pool: pg.Pool;
  readonly #open = new Set<pg.Client>();
  #mode: Mode | null = null;
  #tls: string | null = null;

  constructor(address: Address, options: ServerOptions) {
    this.address = address;
    this.#options = options;
    this.#pool = new pg.Pool({
      ...this.#clientConfig(),
      Client,
      max: options.connections,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: CONNECT_MS,
      onConnect: (client) => this.#prepare(client),
    });
    this.#pool.on('error', () => {});
    this.#pool.on('connect', (client) => this.#watch(client));
  }

  get signal(): AbortSignal {
    return this.#options.signal;
  }

  get mode(): Mode {
    return this.#mode ?? 'transaction';
  }

  /** How this server is reached. */
  get connection(): { kind: Kind; mode: Mode; tls: string | null } {
    return { kind: kindOf(this.address.style, this.mode), mode: this.mode, tls: this.#tls };
  }

  /** Opens the first connection, without retries: who typed a wrong address wants to know now. Throws a Fault. */
  async connect(): Promise<void> {
    try {
      const client = await this.#pool.connect();
      this.#tls = protocolOf(client);
      client.release();
    } catch (error) {
      throw connectionFault(error, this.address) ?? error;
    }
  }

  /** Runs `work` in a read-only transaction with these settings; its end is checked. Retried as a whole. */
  async read<T>(settings: Settings, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return this.retry(() => this.readOnce(settings, work));
  }

  /** As `read`, but errors of any class reach the caller, who knows where to go on. */
  async readOnce<T>(settings: Settings, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    return this.#borrow(limitOf(settings), (client) => readOnly(client, settings, work));
  }

  /**
   * Runs one statement that writes and returns ids in one row, null for those that were sent, which are its first parameter:
   * autocommit where the session keeps the settings, else in a transaction of its own. A target with policies needs row
   * security on, which no session of ours keeps. Where all came back, the result is the very thing that was sent.
   */
  async writeOnce({ name, text, more }: Statement, ids: Ids, rowSecurity: boolean): Promise<Ids> {
    const sent = arrayText(ids);
    const run = async (client: pg.ClientBase) => {
      // Only a session of our own keeps prepared statements.
      const prepared = this.mode === 'session' ? { name } : {};
      const values = [sent, ...more];
      const { rows } = await client.query<{ ids: string | null }>({ ...prepared, text, values });
      const [answer] = rows;
      if (!answer) throw new TypeError('a batch was answered without a row');
      return answer.ids === null ? ids : idsIn(answer.ids);
    };
    if (this.mode === 'session' && !rowSecurity) return this.#borrow(limitOf(WRITE_SETTINGS), run, 'autocommit');
    const settings = { ...WRITE_SETTINGS, row_security: rowSecurity ? 'on' : 'off' };
    return this.#borrow(limitOf(settings), (client) =>
      transaction(client, 'begin isolation level read committed', settings, () => run(client)),
    );
  }

  /** Runs statements in one transaction and one message; returns the rows of the last one. */
  async atOnce<T extends object>(settings: Settings, steps: readonly Step[]): Promise<T[]> {
    const limits = steps.map((step) => limitOf(step.settings));
    return this.#borrow(Math.max(...limits), (client) => atOnce<T>(client, settings, steps));
  }

  /** Retries `attempt` as its errors allow; other errors and a spent budget are thrown. */
  async retry<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await withRetry(attempt, { signal: this.#options.signal, onRetry: this.#options.onRetry });
    } catch (error) {
      if (error instanceof Fault && error.code === 'retry_budget_spent') throw this.#named(error);
      // 42501 and others are also what a server says that lets nobody in: here it has let us in.
      throw (isRefusedStatement(error) ? null : connectionFault(error, this.address)) ?? error;
    }
  }

  /** A spent budget, with what stood in the way as far as it is known. */
  #named(spent: Fault): Fault {
    const known = connectionFault(spent.cause, this.address);
    if (!known) return spent;
    return new Fault(spent.code, `${spent.message}: ${known.message}`, { fix: known.fix, cause: spent.cause });
  }

  /** A connection outside the pool, which the caller ends. */
  async dedicated(): Promise<pg.Client> {
    const client = new Client({
      ...this.#clientConfig(),
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: DEDICATED_QUERY_MS,
    });
    this.#watch(client);
    await client.connect();
    return client;
  }

  async close(how: 'settle' | 'now'): Promise<void> {
    const ended = this.#pool.end();
    // The pool would wait for whoever still works on a connection that is no more, and for a server that is silent.
    if (how === 'settle') await Promise.race([ended, sleep(CLOSE_MS, undefined, { ref: false })]);
    ended.catch(() => {});
    for (const client of this.#open) destroy(client);
  }

  #clientConfig(): pg.ClientConfig {
    // No timeouts and no application_name here: they would travel as startup parameters, which poolers drop or refuse.
    return { ...this.address.config, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
  }

  #watch(client: pg.Client): void {
    this.#open.add(client);
    client.once('end', () => this.#open.delete(client));
  }

  async #prepare(client: pg.ClientBase): Promise<void> {
    const unlimited = limitSilence(client, CONNECT_MS);
    try {
      this.#mode ??= await modeOf(client, this.address);
      if (this.#mode === 'session' && !(await keepSettings(client, this.#options.runId))) this.#mode = 'transaction';
    } finally {
      unlimited();
    }
  }

  async #borrow<T>(
    silenceMs: number,
    work: (client: pg.ClientBase) => Promise<T>,
    how: 'transaction' | 'autocommit' = 'transaction',
  ): Promise<T> {
    const client = await this.#pool.connect();
    const unlimited = limitSilence(client, silenceMs);
    let healthy = false;
    try {
      const result = await work(client);
      healthy = true;
      return result;
    } catch (error) {
      healthy = isRefusedStatement(error) && (how === 'autocommit' || (await rolledBack(client)));
      throw error;
    } finally {
      unlimited();
      client.release(!healthy);
    }
  }
}

/** How long a connection may be silent while a statement runs under these settings, in milliseconds. */
function limitOf({ statement_timeout: limit = '60s' }: Settings): number {
  const [, amount = '', unit = ''] = /^(\d+)(s|min)$/.exec(limit) ?? [];
  return Number(amount) * (unit === 'min' ? 60_000 : 1000) + SLACK_MS;
}
