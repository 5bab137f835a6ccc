import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of ours that works beside a contestant and has an event loop of its own. */
export interface Companion {
  /** What it said when it was ready. */
  readonly ready: unknown;
  /** Tells it to stop, and returns the last thing that it says; it is gone then. */
  stop(): Promise<unknown>;
}

/** Starts a file of bench/ with one argument, as JSON. Throws when it ends before it says that it is ready. */
export async function startCompanion(
  file: URL,
  argument: unknown,
  env: Record<string, string> = {},
): Promise<Companion> {
  const child = fork(file, [JSON.stringify(argument)], {
    env: { PATH: '/usr/bin:/bin', ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = once(child, 'exit');
  const ready = await saying(child);
  return {
    ready,
    async stop() {
      const last = saying(child);
      child.send('stop');
      const said = await last;
      child.disconnect();
      await gone;
      return said;
    },
  };
}

function saying(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) => reject(new Error(`a process beside the contestants ended with ${code}`));
    child.once('exit', died);
    child.once('message', (message) => {
      child.off('exit', died);
      resolve(message);
    });
  });
}
