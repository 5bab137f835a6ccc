import { type ChildProcess, spawn } from 'node:child_process';
import type { Account } from './account.ts';

/** How a program ended, with the last part of what it said. */
export interface Ending {
  /** null: it could not be started, or a signal ended it. */
  code: number | null;
  /** The last characters of stdout and stderr together, or why it could not be started. */
  said: string;
}

/** A program that was started. */
export interface Child {
  readonly process: ChildProcess;
  /** Settles when the program is gone; never rejects. */
  readonly ended: Promise<Ending>;
  /** What it said so far, the last 64 KB. */
  said(): string;
  pid(): number;
  isGone(): boolean;
  /** Ends the program and everything in its process group at once. */
  killGroup(): void;
}

const KEPT = 65_536;

/**
 * Starts a program in a process group of its own (Ctrl-C in the terminal must not reach it before us) and with an
 * environment of its own: nothing that the person has set (PGDATA, LC_ALL, DATABASE_URL) can change what it does.
 */
export function startChild(file: string, args: string[], place: { cwd: string; account: Account | null }): Child {
  const child = spawn(file, args, {
    cwd: place.cwd,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    detached: process.platform !== 'win32',
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...place.account,
  });
  let said = '';
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-KEPT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => resolve({ code: null, said: error.message }));
    child.once('close', (code) => resolve({ code, said }));
  });
  return {
    process: child,
    ended,
    said: () => said,
    pid: () => pidOf(child),
    isGone: () => isGone(child),
    killGroup: () => killGroup(child),
  };
}

/** Runs a program to its end; an abort kills it, waits until it is gone and throws the signal's reason. */
export async function runChild(
  file: string,
  args: string[],
  place: { cwd: string; account: Account | null; signal: AbortSignal },
): Promise<Ending> {
  place.signal.throwIfAborted();
  const child = startChild(file, args, place);
  place.signal.addEventListener('abort', child.killGroup);
  try {
    const ending = await child.ended;
    place.signal.throwIfAborted();
    return ending;
  } finally {
    place.signal.removeEventListener('abort', child.killGroup);
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('the program was not started');
  return child.pid;
}

/** Without a pid it was never there. */
function isGone(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

function killGroup(child: ChildProcess): void {
  if (isGone(child)) return;
  try {
    if (process.platform === 'win32') child.kill('SIGKILL');
    else process.kill(-pidOf(child), 'SIGKILL');
  } catch {
    // gone in the meantime
  }
}
