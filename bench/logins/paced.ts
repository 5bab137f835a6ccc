import { setTimeout as sleep } from 'node:timers/promises';

/** When something was due, as Unix milliseconds, and how many milliseconds later it was done. */
export interface Turn {
  at: number;
  took: number;
}

/**
 * Does something so many times per second, one after the other, until the signal. What becomes due while the one before
 * it still runs waits, and its wait is counted: a server that stands still for a second must not be asked less, and look
 * good for it.
 */
export async function paced(perSecond: number, work: () => Promise<unknown>, stop: AbortSignal): Promise<Turn[]> {
  const turns: Turn[] = [];
  const gap = 1000 / perSecond;
  for (let due = performance.now() + Math.random() * gap; !stop.aborted; due += gap) {
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) break;
    // A timer that comes late is no wait for the server.
    const since = wait > 0 ? performance.now() : due;
    await work();
    turns.push({ at: performance.timeOrigin + since, took: performance.now() - since });
  }
  return turns;
}
