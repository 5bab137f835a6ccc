/** Who ended the run: a signal, or the program that it is a part of. */
type Stopper = 'SIGINT' | 'SIGTERM' | 'caller';

/** The reason of an abort from outside; every other reason is a Fault. */
export class Interruption extends Error {
  readonly signal: Stopper;

  constructor(signal: Stopper) {
    super(signal === 'caller' ? 'stopped by its caller' : `stopped by ${signal}`);
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
