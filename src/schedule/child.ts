import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Ending } from './outcome.ts';

/** More than any report has. */
const STDOUT_MAX = 16 * 1024 * 1024;
/** No statement that a run has in flight takes longer: repair by function waits its turn for so long. */
export const SETTLE_MS = 90_000;

/** How a process of userdrift is run. */
export interface Launch {
  /** The script that Node.js runs. */
  script: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** After this time it is told to stop, and after `settleMs` more it is killed. */
  limitMs: number;
  /** default: a minute and a half */
  settleMs?: number;
  /** Each tells it once to stop: let batches settle, abandon them, die. */
  stop: AbortSignal;
  hurry: AbortSignal;
  leave: AbortSignal;
  /** A line of its stderr. */
  said: (line: string) => void;
}

/**
 * Runs one process to its end; never throws for what becomes of it. It leads a process group of its own: Ctrl-C in a terminal
 * goes to the whole group of the schedule, and would reach it a second time beside the signal that is passed on.
 */
export async function runChild(launch: Launch): Promise<Ending> {
  const startedAt = new Date();
  const clock = performance.now();
  const child = begin(launch);
  if (child === null) return { ...NOT_STARTED, startedAt: startedAt.toISOString() };
  const stdout = collect(child.stdout);
  const lines = createInterface({ input: child.stderr });
  lines.on('line', launch.said);
  const limit = startLimit(launch, (signal) => child.kill(signal));
  const forget = passOn(launch, (signal) => child.kill(signal));
  const end = await new Promise<Pick<Ending, 'code' | 'signal' | 'failedToStart'>>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null, failedToStart: child.pid === undefined }));
    child.once('close', (code, signal) => resolve({ code, signal, failedToStart: false }));
  });
  forget();
  limit.clear();
  return {
    ...end,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(performance.now() - clock),
    stdout: stdout(),
    overdue: limit.passed(),
  };
}

const NOT_STARTED = { code: null, signal: null, stdout: '', overdue: false, failedToStart: true, durationMs: 0 };

/** null: the system gives no process, for want of memory or of file descriptors. Some of that is thrown, some is an event. */
function begin({ script, args, env }: Launch) {
  try {
    const child = spawn(process.execPath, [script, ...args], {
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    child.on('error', () => {});
    // Without file descriptors it has no streams, whatever its type says.
    return child.stdout === undefined ? null : child;
  } catch {
    return null;
  }
}

function startLimit({ limitMs, settleMs = SETTLE_MS }: Launch, kill: (signal: NodeJS.Signals) => void) {
  let passed = false;
  let settle: NodeJS.Timeout | undefined;
  const limit = setTimeout(
    () => {
      passed = true;
      kill('SIGTERM');
      settle = setTimeout(() => kill('SIGKILL'), settleMs);
    },
    Math.min(limitMs, 2 ** 31 - 1),
  );
  return {
    passed: () => passed,
    clear() {
      clearTimeout(limit);
      clearTimeout(settle);
    },
  };
}

/** The first two signals are the ones that the command itself understands. */
function passOn({ stop, hurry, leave }: Launch, kill: (signal: NodeJS.Signals) => void): () => void {
  const over = new AbortController();
  const once = { once: true, signal: over.signal };
  for (const asked of [stop, hurry]) {
    if (asked.aborted) kill('SIGTERM');
    else asked.addEventListener('abort', () => kill('SIGTERM'), once);
  }
  leave.addEventListener('abort', () => kill('SIGKILL'), once);
  return () => over.abort();
}

function collect(stream: Readable): () => string | null {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= STDOUT_MAX) chunks.push(chunk);
  });
  return () => (size <= STDOUT_MAX ? Buffer.concat(chunks).toString('utf8') : null);
}
