import type { SupabaseClient } from '@supabase/supabase-js';

import { type Retry, withRetry } from '../attempts/retry.ts';
import { Fault } from '../fault.ts';
import type { Address } from './address.ts';
import { accountOf, dataApiFault } from './data-api-fault.ts';
import { judge } from './judge.ts';
import { accepted } from './refusal.ts';

export interface DataApiOptions {
  /** ends waits between retries */
  signal: AbortSignal;
  onRetry: (retry: Retry) => void;
  /** No answer comes later: the Data API ends a call after 60 s. For tests. */
  limitMs?: number | undefined;
}

const LIMIT_MS = 65_000;
/** So long the first call may find nobody there at all: whoever typed a wrong address waits for the answer. */
const FIRST_BUDGET_MS = 5000;

/** What a function of ours answers. */
export interface Answer {
  /** the hash of the mapping it was made from */
  mapping: string;
}

/** The functions of a project, called through its Data API. */
export class DataApi {
  readonly address: Address;
  readonly #client: SupabaseClient;
  readonly #options: DataApiOptions;
  readonly #closing = new AbortController();
  #reached = false;

  private constructor(address: Address, options: DataApiOptions, create: CreateClient) {
    this.address = address;
    this.#options = options;
    this.#client = create(address.url, address.key, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      global: { fetch: (input, init) => this.#fetch(input, init) },
    });
  }

  /** Loads supabase-js, which no other command needs. Sends nothing yet. */
  static async open(address: Address, options: DataApiOptions): Promise<DataApi> {
    const { createClient } = await import('@supabase/supabase-js');
    return new DataApi(address, options, createClient);
  }

  /**
   * Calls a function until it is answered. Throws a Fault, or with `own` what the caller can mend as it came: a Refusal
   * whose action is among them.
   */
  call<T extends Answer>(doing: string, name: string, args: object, options: CallOptions): Promise<T> {
    return this.ask(doing, () => this.#send<T>(name, args), options);
  }

  /** One attempt to call a function. Throws a Refusal, or what the network says. */
  async once(name: string, args: object, signal?: AbortSignal): Promise<unknown> {
    const asked = this.#client.rpc(name, args).throwOnError();
    const { data } = await (signal ? asked.abortSignal(signal) : asked);
    return data;
  }

  /** As `call`, with attempts of the caller's. */
  async ask<T>(doing: string, attempt: () => Promise<T>, options: CallOptions = PLAIN): Promise<T> {
    try {
      return await withRetry(attempt, {
        signal: this.#options.signal,
        onRetry: this.#options.onRetry,
        budgetMs: () => (this.#reached ? undefined : FIRST_BUDGET_MS),
        judge: (error) => judge(error, { reached: this.#reached, late: options.late }),
      });
    } catch (error) {
      this.#closing.signal.throwIfAborted();
      const { action } = judge(error, { reached: this.#reached, late: options.late });
      if (options.own.some((own) => own === action)) throw error;
      throw this.#named(doing, error);
    }
  }

  /** Abandons the calls in flight. */
  abandon(): void {
    this.#closing.abort(new Fault('closed', 'the way to the database was closed'));
  }

  async #send<T extends Answer>(name: string, args: object): Promise<T> {
    const answer = await this.once(name, args);
    if (isAnswer<T>(answer)) return answer;
    throw foreign(name);
  }

  async #fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const limit = AbortSignal.timeout(this.#options.limitMs ?? LIMIT_MS);
    const signal = AbortSignal.any([this.#closing.signal, limit, ...(init?.signal ? [init.signal] : [])]);
    // A redirect would carry the key to wherever it leads.
    const response = await fetch(input, { ...init, signal, redirect: 'manual' });
    this.#reached = true;
    return accepted(response);
  }

  #named(doing: string, error: unknown): unknown {
    if (!(error instanceof Fault) || error.code !== 'retry_budget_spent') {
      return dataApiFault(doing, error, this.address.host);
    }
    const known = accountOf(doing, error.cause, this.address.host);
    const what = known?.message ?? (error.cause instanceof Error ? error.cause.message : 'no answer');
    return new Fault(error.code, `${error.message}: ${what}`, { fix: known?.fix ?? error.fix, cause: error.cause });
  }
}

type CreateClient = typeof import('@supabase/supabase-js').createClient;

export interface CallOptions {
  /** What to do when no answer comes in time: a call that writes is sent again. */
  late: 'halve' | 'reconnect';
  /** Classes of errors that the caller mends. */
  own: readonly ('halve' | 'row')[];
}

const PLAIN: CallOptions = { late: 'reconnect', own: [] };

function isAnswer<T extends Answer>(answer: unknown): answer is T {
  return typeof answer === 'object' && answer !== null && typeof Reflect.get(answer, 'mapping') === 'string';
}

/** A function of that name answers, and not as ours does. */
export function foreign(name: string): Fault {
  return new Fault('functions_foreign', `public.${name} is not the function of userdrift`, {
    fix: 'run userdrift sql functions: it tells what stands in its way',
  });
}
