import { bisect } from './bisect.ts';

/** Splits batches of ids where a row is bad or a statement too slow, and remembers what was too large. */
export class Groups {
  /** No larger group is handed out: one of twice the size ran into its timeout. */
  #largest = Number.POSITIVE_INFINITY;
  readonly #onSplit: () => void;

  constructor(onSplit: () => void) {
    this.#onSplit = onSplit;
  }

  /** A group of this size ran into a timeout. */
  tooSlow(size: number): void {
    this.#largest = Math.min(this.#largest, Math.ceil(size / 2));
  }

  /** Yields the outcomes of each group as `settle` returns them; null from it splits the group. Every id is settled once. */
  async *each<T extends { kind: string }>(
    ids: readonly string[],
    settle: (group: readonly string[]) => Promise<T[] | null>,
  ): AsyncGenerator<T[]> {
    for (let left = ids; left.length > 0; ) {
      const size = Math.min(left.length, this.#largest);
      yield* this.#split(left.slice(0, size), settle);
      left = left.slice(size);
    }
  }

  async *#split<T extends { kind: string }>(
    ids: readonly string[],
    settle: (group: readonly string[]) => Promise<T[] | null>,
  ): AsyncGenerator<T[]> {
    const groups = bisect(ids);
    for (let step = groups.next(); !step.done; ) {
      const tooLarge = step.value.length > this.#largest;
      const outcomes = tooLarge ? null : await settle(step.value);
      if (outcomes) yield outcomes;
      else if (!tooLarge) this.#onSplit();
      step = groups.next(isRejected(step.value, outcomes) ? 'rejected' : 'taken');
    }
  }
}

/** A larger group with a failure in it is settled all the same: its odd ids were sent alone already. */
function isRejected(group: readonly string[], outcomes: readonly { kind: string }[] | null): boolean {
  return outcomes === null || (group.length === 1 && outcomes[0]?.kind === 'failed');
}
