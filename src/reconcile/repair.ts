import pLimit from 'p-limit';
import type { Ids } from '../ids.ts';
import { orStopped } from './stop.ts';
import type { Tally } from './tally.ts';

interface Repair<T> {
  /** batches of ids */
  ids: AsyncGenerator<Ids>;
  /** `stop` aborts with the first trouble of any batch, too. */
  write: (ids: Ids, stop: AbortSignal) => AsyncGenerator<T[]>;
  settle: (outcomes: T[]) => void;
  tally: Tally;
  concurrency: number;
  /** failures that end the run */
  failures: number;
  /** ends the pull; batches in flight settle */
  stop: AbortSignal;
  progress: () => void;
}

/**
 * Writes batches with bounded concurrency. The reader waits for a slot, so at most `concurrency` batches are in flight
 * and one is pulled ahead. The first trouble ends the pull, the other batches settle, then it is thrown.
 */
export async function repair<T>(work: Repair<T>): Promise<void> {
  const limit = pLimit(work.concurrency);
  const flying = new Set<Promise<void>>();
  const trouble = new Trouble();
  const stop = AbortSignal.any([work.stop, trouble.signal]);
  try {
    for (;;) {
      const next = await orStopped(work.stop, work.ids.next());
      if (next.done) break;
      const flight = limit(() => writeBatch(next.value, work, trouble, stop)).finally(() => flying.delete(flight));
      flying.add(flight);
      if (flying.size > work.concurrency) await Promise.race(flying);
      if (trouble.first) break;
    }
  } catch (error) {
    trouble.report(error);
  }
  await Promise.all(flying);
  // Not awaited: a reader that was left in the middle of a read would first have to finish it.
  work.ids.return(undefined).catch(() => {});
  if (trouble.first) throw trouble.first.error;
}

/** Remembers the first error of any batch; the others are likely its echo. */
class Trouble {
  readonly #begun = new AbortController();
  first: { error: unknown } | null = null;

  get signal(): AbortSignal {
    return this.#begun.signal;
  }

  report(error: unknown): void {
    this.first ??= { error };
    this.#begun.abort();
  }

  /** After a stop that was asked for, batches in flight settle; after a fault of the run they are left where they are. */
  leaves(stop: AbortSignal): boolean {
    return this.first !== null && !stop.aborted;
  }
}

async function writeBatch<T>(ids: Ids, work: Repair<T>, trouble: Trouble, stop: AbortSignal): Promise<void> {
  // A batch that was pulled ahead is not in flight yet: after a stop it is never begun, and never counted.
  if (trouble.first || work.stop.aborted) return;
  try {
    for await (const outcomes of work.write(ids, stop)) {
      work.settle(outcomes);
      work.progress();
      const brake = work.tally.brake(work.failures);
      if (brake) throw brake;
      if (trouble.leaves(work.stop)) return;
    }
  } catch (error) {
    trouble.report(error);
  }
}
