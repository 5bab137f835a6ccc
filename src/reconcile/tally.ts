import { Fault } from '../fault.ts';
import type { Outcome, RefreshOutcome, RowFault } from '../port.ts';
import type { Failure, Report } from '../report.ts';

/** So many single failures of one kind, with nothing inserted, are no bad rows. */
const SYSTEMIC = 20;
/** Failures that the report lists; `failuresTotal` counts all. */
const LISTED = 100;

type Counts = Omit<Report['repair'], 'unresolved'>;

/**
 * What became of the users of a run. `scanned` grows when ids are handed to a writer, the rest when they settle;
 * what is missing between them is unresolved.
 */
export class Tally {
  readonly failures: Failure[] = [];
  failuresTotal = 0;
  readonly #counts: Counts = {
    scanned: 0,
    inserted: 0,
    refreshed: 0,
    alreadyPresent: 0,
    vanished: 0,
    excluded: 0,
    suppressed: 0,
    failed: 0,
  };
  readonly #fingerprints = new Map<string, number>();
  #calls = false;

  scan(ids: number): void {
    this.#counts.scanned += ids;
  }

  settle(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      this.#counts[outcome.kind] += 1;
      if (outcome.kind === 'failed') this.#fail('insert', outcome);
    }
  }

  /** As `settle`, for a function that writes the rows: one that returns and leaves no row is a failure of a kind. */
  settleCalls(outcomes: readonly Outcome[]): void {
    this.#calls = true;
    this.settle(outcomes);
    for (const { kind } of outcomes) if (kind === 'suppressed') this.#note('no error, but no row');
  }

  settleRefresh(outcomes: readonly RefreshOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.kind === 'refreshed') this.#counts.refreshed += 1;
      if (outcome.kind === 'failed') this.#fail('refresh', outcome);
    }
  }

  /** The accounting identity: scanned is the sum of all other counts but `refreshed`, which is no insert. */
  counts(): Report['repair'] {
    const { scanned, inserted, alreadyPresent, vanished, excluded, suppressed, failed } = this.#counts;
    const settled = inserted + alreadyPresent + vanished + excluded + suppressed + failed;
    return { ...this.#counts, unresolved: scanned - settled };
  }

  /** Users that no longer need this run. */
  get settled(): number {
    const { scanned, unresolved, refreshed } = this.counts();
    return scanned - unresolved + refreshed;
  }

  /** What should end the run early; null: go on. */
  brake(limit: number): Fault | null {
    const nothingWritten = this.#counts.inserted + this.#counts.refreshed === 0;
    const systemic = nothingWritten && [...this.#fingerprints].find(([, count]) => count >= SYSTEMIC);
    if (systemic) {
      return new Fault(
        'systemic_failure',
        `${SYSTEMIC} users failed in the same way (${systemic[0]}) and none succeeded`,
        {
          fix: this.#calls
            ? 'correct the function, then run it again; what its calls wrote to other tables stays written'
            : 'correct the mapping or the constraint, then run it again; nothing was written',
        },
      );
    }
    if (this.failuresTotal + this.#counts.suppressed < limit) return null;
    return new Fault('failures_limit', `${limit} users could not be written, which is the limit`, {
      fix: 'correct what they have in common, or raise limits.failures',
    });
  }

  #fail(op: Failure['op'], { id, code, constraint, column }: { id: string } & RowFault): void {
    this.failuresTotal += 1;
    if (this.failures.length < LISTED) this.failures.push({ id, op, code, constraint, column });
    this.#note([op, code, constraint, column].filter((part) => part !== null).join(' '));
  }

  #note(fingerprint: string): void {
    this.#fingerprints.set(fingerprint, (this.#fingerprints.get(fingerprint) ?? 0) + 1);
  }
}
