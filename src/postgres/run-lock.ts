import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { Fault } from '../fault.ts';
import type { Lease, Scope } from '../port.ts';
import { literal, type Name, qualified } from '../sql/name.ts';
import { destroy, hangUp } from './client.ts';
import type { Server } from './server.ts';
import { NO_TRANSACTION_TIMEOUT } from './transaction.ts';

const HEARTBEAT_MS = 15_000;
const POLL_MS = 500;
/** A server may see a moment later than its client that their connection is no more. */
const FREED_MS = 250;

export interface LockOptions {
  waitMs: number;
  /** What follows when the lock falls with its connection. */
  onLoss: 'retake' | 'end';
}

/**
 * Takes the run lock of a target, or returns null while another run holds it, after waiting up to `waitMs`.
 *
 * The lock lives in a transaction on a connection of its own: through a transaction pooler two clients got the same
 * session lock. The transaction touches no table, so it holds no snapshot and no relation lock. Correctness never
 * depends on it; it only avoids double work. (That a repair function runs once is seen to call by call.)
 */
export async function takeRunLock(
  server: Server,
  target: Name,
  scope: Scope,
  { waitMs, onLoss }: LockOptions,
): Promise<Lease | null> {
  const lock = lockSql(target, scope);
  const client = await lockWithin(server, lock, waitMs);
  if (client && !server.signal.aborted) return new HeldLock(server, lock, client, onLoss);
  // Nobody waits for the lock of a run that was stopped meanwhile.
  if (client) await hangUp(client);
  return null;
}

/** As `tryLock`, tried for so many milliseconds, or until the run is to end. */
async function lockWithin(server: Server, lock: string, waitMs: number): Promise<pg.Client | null> {
  const until = performance.now() + waitMs;
  for (;;) {
    const client = await server.retry(() => tryLock(server, lock));
    const left = until - performance.now();
    if (client || left <= 0 || server.signal.aborted) return client;
    await sleep(Math.min(POLL_MS, left), undefined, { signal: server.signal }).catch(() => {});
  }
}

/** A full run takes the key alone; a shard shares it with other shards and takes its own. */
function lockSql(target: Name, { shard }: Scope): string {
  const key = `userdrift ${qualified(target)}`;
  const exclusive = (text: string) => `pg_try_advisory_xact_lock(hashtextextended(${literal(text)}, 0))`;
  if (!shard) return `select ${exclusive(key)} as held`;
  const shared = `pg_try_advisory_xact_lock_shared(hashtextextended(${literal(key)}, 0))`;
  return `select ${shared} and ${exclusive(`${key} ${shard.index}/${shard.count}`)} as held`;
}

/** The open transaction that holds the lock, or null where another holds it. */
async function tryLock(server: Server, lock: string): Promise<pg.Client | null> {
  const client = await server.dedicated();
  try {
    await client.query(BEGIN);
    const { rows } = await client.query<{ held: boolean }>(lock);
    if (rows[0]?.held) return client;
  } catch (error) {
    await hangUp(client);
    throw error;
  }
  await hangUp(client);
  return null;
}

/** The role's own timeouts must not kill the lock; a holder that vanished without a word frees it within a minute. */
const BEGIN = [
  'begin isolation level read committed read only',
  `set local idle_in_transaction_session_timeout = '60s'`,
  `set local statement_timeout = '10s'`,
  NO_TRANSACTION_TIMEOUT,
].join('; ');

const AGAIN = 'run it again: what is done stays done';

class HeldLock implements Lease {
  readonly #server: Server;
  readonly #lock: string;
  readonly #onLoss: LockOptions['onLoss'];
  readonly #lost = new AbortController();
  readonly #heartbeat: NodeJS.Timeout;
  #client: pg.Client;
  #beating: Promise<void> = Promise.resolve();
  #released = false;

  constructor(server: Server, lock: string, client: pg.Client, onLoss: LockOptions['onLoss']) {
    this.#server = server;
    this.#lock = lock;
    this.#onLoss = onLoss;
    this.#client = client;
    this.#heartbeat = setInterval(() => {
      this.#beating = this.#beating.then(() => this.#beat());
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
    this.#watch();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async release(): Promise<void> {
    this.#released = true;
    clearInterval(this.#heartbeat);
    await hangUp(this.#client);
  }

  #watch(): void {
    this.#client.once('end', () => {
      this.#beating = this.#beating.then(() => this.#fallen());
    });
  }

  async #beat(): Promise<void> {
    if (this.#released) return;
    // No answer in time: the connection is dead, and only its end says so to whoever waits for that.
    await this.#client.query('select 1').catch(() => destroy(this.#client));
  }

  /** A lock that fell with its connection is taken again; where another run was faster, ours is over. */
  async #fallen(): Promise<void> {
    if (this.#released) return;
    if (this.#onLoss === 'end') return this.#lose('and a repair function must not be called without it', AGAIN);
    const client = await lockWithin(this.#server, this.#lock, FREED_MS).catch(() => null);
    if (!client) {
      return this.#lose('and another run has it now', 'let that run finish; what this one wrote stays written');
    }
    this.#client = client;
    this.#watch();
    if (this.#released) await hangUp(client);
  }

  #lose(why: string, fix: string): void {
    this.#lost.abort(new Fault('lock_lost', `the run lock was lost with its connection ${why}`, { fix }));
  }
}
