import { renderProgress, renderWait } from '../render/progress.ts';
import type { Terminal } from './terminal.ts';

/** A wait that is over before anybody reads of it is not shown. */
const UNNOTICED_MS = 400;
/** As often as an eye follows. */
const STEP_MS = 100;
/** A rate from less than that is a guess. */
const MEASURED_MS = 500;

/** The one line that tells whoever watches a run what it is at. */
export class StatusLine {
  readonly #terminal: Pick<Terminal, 'status' | 'look'>;
  #wait: NodeJS.Timeout | undefined;
  #started: number | null = null;
  #drawn = Number.NEGATIVE_INFINITY;

  constructor(terminal: Pick<Terminal, 'status' | 'look'>) {
    this.#terminal = terminal;
  }

  /** `what` is shown if it takes a while. */
  wait(what: string): void {
    clearTimeout(this.#wait);
    const { unicode } = this.#terminal.look;
    const draw = () => this.#terminal.status((width) => renderWait(what, { width, unicode }));
    this.#wait = setTimeout(draw, UNNOTICED_MS).unref();
  }

  /** Users settled, of how many. */
  progress({ done, total }: { done: number; total: number }): void {
    clearTimeout(this.#wait);
    const now = performance.now();
    this.#started ??= now;
    if (now - this.#drawn < STEP_MS && done < total) return;
    this.#drawn = now;
    const elapsedMs = now - this.#started;
    const perSecond = elapsedMs > MEASURED_MS ? Math.round((done / elapsedMs) * 1000) : null;
    const { unicode } = this.#terminal.look;
    this.#terminal.status((width) => renderProgress({ done, total, perSecond, elapsedMs, width, unicode }));
  }

  clear(): void {
    clearTimeout(this.#wait);
    this.#terminal.status(null);
  }
}
