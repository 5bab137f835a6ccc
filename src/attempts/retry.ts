import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { Fault } from '../fault.ts';
import type { Action } from './action.ts';

/** What an error means. */
export interface Judgement {
  action: Action;
  /** SQLSTATE or another code; null: there is none */
  code: string | null;
  /** The other side asked for a pause of this length. */
  pauseMs?: number | undefined;
}

export interface Retry {
  action: 'retry' | 'reconnect';
  /** SQLSTATE or another code; null where the connection itself failed. */
  code: string | null;
  waitMs: number;
  error: unknown;
}

export interface RetryOptions {
  judge: (error: unknown) => Judgement;
  /** Ends the waits at once with its reason. A running attempt is left to settle: its outcome must not get lost. */
  signal?: AbortSignal | undefined;
  /** Called before each wait. */
  onRetry?: ((retry: Retry) => void) | undefined;
  /** How long a connection may stay lost, counted from its first loss; default 60 s. A function is asked at each loss. */
  budgetMs?: number | (() => number | undefined) | undefined;
  /** Full jitter: each wait is anywhere between 0 and a ceiling that doubles from `from` to `to`; default 50 ms to 5 s. */
  waitMs?: { from: number; to: number } | undefined;
}

const MOST_RETRIES = 5;

/**
 * Runs `attempt` again while its errors are of class `retry` (at most 5 times) or `reconnect` (within the budget).
 * Every other error is thrown as it came; a spent budget is a Fault `retry_budget_spent` with the last error as its cause.
 */
export async function withRetry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  // The signal and the waits are not p-retry's: it throws away a result that arrives after the abort, and its jitter
  // never waits less than the full delay, so that two runs which collided would collide again.
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    minTimeout: 0,
    onFailedAttempt: pauses(options),
  });
}

/** Waits before the next attempt, or throws what ends the loop. */
function pauses(options: RetryOptions): (failure: { error: unknown }) => Promise<void> {
  const { from, to } = options.waitMs ?? { from: 50, to: 5000 };
  const { budgetMs } = options;
  const patience = new Patience(() => (typeof budgetMs === 'function' ? budgetMs() : budgetMs) ?? 60_000);
  return async ({ error }) => {
    const { action, code, pauseMs = 0 } = options.judge(error);
    if (action !== 'retry' && action !== 'reconnect') throw error;
    options.signal?.throwIfAborted();
    const left = patience.left(action, code, error);
    const jitter = Math.random() * Math.min(to, from * 2 ** (patience.failures - 1));
    const waitMs = Math.min(left, pauseMs + jitter);
    options.onRetry?.({ action, code, waitMs, error });
    await wait(waitMs, options.signal);
  };
}

class Patience {
  failures = 0;
  #retries = 0;
  #lostAt: number | null = null;
  readonly #budgetMs: () => number;

  constructor(budgetMs: () => number) {
    this.#budgetMs = budgetMs;
  }

  /** The longest wait that is still allowed after this failure; throws where none is. */
  left(action: Action, code: string | null, error: unknown): number {
    this.failures += 1;
    return action === 'retry' ? this.#leftOfRetries(code, error) : this.#leftOfBudget(error);
  }

  #leftOfRetries(code: string | null, error: unknown): number {
    this.#retries += 1;
    if (this.#retries <= MOST_RETRIES) return Number.POSITIVE_INFINITY;
    throw spent(`the database refused a statement ${this.#retries} times (${code})`, error);
  }

  #leftOfBudget(error: unknown): number {
    const now = performance.now();
    const budgetMs = this.#budgetMs();
    this.#lostAt ??= now;
    const left = this.#lostAt + budgetMs - now;
    if (left > 0) return left;
    throw spent(`the connection to the database stayed lost for ${Math.round(budgetMs / 1000)}s`, error);
  }
}

function spent(message: string, cause: unknown): Fault {
  return new Fault('retry_budget_spent', message, { fix: 'run it again: what is done stays done', cause });
}

async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal && { signal });
  } catch {
    signal?.throwIfAborted();
  }
}
