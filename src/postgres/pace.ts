import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Ids } from '../ids.ts';

/** Rows per second from which on people are signing up and logging in: a login writes about five. */
const BUSY = 5;
/** How long they count as being there after the last look that saw them, in milliseconds. */
const LINGER_MS = 5000;
/** Time between two looks, and the least that one needs to see anything. */
const LOOK_MS = 1000;
const GLANCE_MS = 250;
/** Users per statement while they are there, and the pause after it, in times of what it took. */
const PART = 100;
const REST = 4;

/**
 * Gives way to people who sign up and log in. With two cores, three writers made 19 logins of 20 wait up to seven times as
 * long, one writer three times; small parts with pauses between them, hardly longer, for about ten times the time. The time
 * that a batch takes does not tell: on two cores it grows by a tenth when others are there, and by half with a second writer.
 */
export class Pace {
  readonly #count: () => Promise<number>;
  readonly #onChange: (givesWay: boolean) => void;
  readonly #alone = pLimit(1);
  #last: { at: number; rows: number } | null = null;
  #nextLook = 0;
  #until = 0;
  /** What was last told of it. */
  #told = false;

  /** `count`: rows that the auth server has ever written. */
  constructor(count: () => Promise<number>, onChange: (givesWay: boolean) => void) {
    this.#count = count;
    this.#onChange = onChange;
  }

  /** Looks whether people are there, at most once per second. What goes wrong with that is no trouble of the run. */
  async look(): Promise<void> {
    if (performance.now() < this.#nextLook) return;
    this.#nextLook = performance.now() + LOOK_MS;
    const rows = await this.#count().catch(() => null);
    if (rows === null) return;
    const at = performance.now();
    const last = this.#last;
    this.#last = { at, rows };
    this.#nextLook = at + (last ? LOOK_MS : GLANCE_MS);
    if (last && ((rows - last.rows) * 1000) / (at - last.at) >= BUSY) this.#until = at + LINGER_MS;
    if (this.#givesWay === this.#told) return;
    this.#told = this.#givesWay;
    this.#onChange(this.#told);
  }

  get #givesWay(): boolean {
    return performance.now() < this.#until;
  }

  /** Has `work` done for all of the users at once or, while people are there, for a few at a time, one part after the other. */
  async *each<T>(ids: Ids, stop: AbortSignal, work: (part: Ids) => AsyncGenerator<T>): AsyncGenerator<T> {
    for (let at = 0; at < ids.length; ) {
      await this.look();
      const slow = this.#givesWay;
      const part = slow || at > 0 ? ids.slice(at, slow ? at + PART : ids.length) : ids;
      at += part.length;
      if (slow) yield* await this.#alone(() => this.#slowly(work(part), stop));
      else yield* work(part);
    }
  }

  async #slowly<T>(work: AsyncGenerator<T>, stop: AbortSignal): Promise<T[]> {
    const begun = performance.now();
    const all: T[] = [];
    for await (const each of work) all.push(each);
    // Not four times a lost connection: whoever is still there is seen at the next look.
    const pause = Math.min((performance.now() - begun) * REST, LINGER_MS);
    // Whoever wants the run to end does not wait for others.
    await sleep(pause, undefined, { signal: stop }).catch(() => {});
    return all;
  }
}
