/** The reason of an abort by signal; every other reason is a Fault. */
export class Interruption extends Error {
  readonly signal: 'SIGINT' | 'SIGTERM';

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts. For reads: nothing is lost with them. */
export async function orStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T> {
  // Also of work that nobody waits for any more.
  work.catch(() => {});
  stop.throwIfAborted();
  let abort = () => {};
  const stopped = new Promise<never>((_, reject) => {
    abort = () => reject(stop.reason);
    stop.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    stop.removeEventListener('abort', abort);
  }
}
