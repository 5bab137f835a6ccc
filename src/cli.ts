import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { CommanderError } from 'commander';
import type { Logger } from 'pino';
import { program } from './commands/program.ts';
import type { Terminal } from './commands/terminal.ts';
import { readEnv } from './config/env.ts';
import { exitCodeOf, USAGE } from './exit-codes.ts';
import { Fault } from './fault.ts';
import { questionsOn } from './questions.ts';
import { Interruption } from './reconcile/stop.ts';
import { renderFault } from './render/fault-line.ts';
import { versionOfPackage } from './version.ts';

const LINGER_MS = 2000;
const CLEAR_LINE = '\r\u001b[K';

/** Runs the command line `argv` (without node and script) and sets the exit code of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // Earned, not assumed: Node exits 0 when a promise never settles.
  process.exitCode = 1;
  let terminal: Terminal;
  try {
    terminal = openTerminal();
  } catch (error) {
    process.stderr.write(renderFault(error instanceof Fault ? error : unexpected(error), false));
    return;
  }
  listenToSignals(terminal);
  const stuck = () => {
    terminal.err(renderFault({ message: 'nothing is left to wait for, but the run has not ended', fix: null }, false));
  };
  process.once('beforeExit', stuck);
  try {
    await runProgram(argv, terminal);
  } catch (error) {
    process.exitCode = report(error, terminal);
  }
  process.off('beforeExit', stuck);
  // Whatever is still open has had its chance to settle. An unref'd timer delays nobody who is done.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

async function runProgram(argv: readonly string[], terminal: Terminal): Promise<void> {
  const root = program(terminal, (code) => {
    process.exitCode = code;
  });
  if (argv.length === 0) {
    root.outputHelp();
    process.exitCode = 0;
    return;
  }
  await root.parseAsync(argv, { from: 'user' });
}

/** The exit code of an error that no command turned into a report. */
function report(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (terminal.stop.signal.reason instanceof Interruption) return codeOf(terminal.stop.signal.reason.signal);
  if (error instanceof Fault) {
    terminal.err(renderFault(error, terminal.look.unicode));
    return error.verdict === 'usage' ? USAGE : exitCodeOf(error.verdict);
  }
  terminal.err(renderFault(unexpected(error), terminal.look.unicode));
  return 1;
}

/** The class alone: the message of an unforeseen error could quote a row. */
function unexpected(error: unknown): { message: string; fix: null } {
  return { message: `unexpected ${error instanceof Error ? error.constructor.name : 'error'}`, fix: null };
}

function openTerminal(): Terminal {
  const env = readEnv(process.cwd());
  const stop = new AbortController();
  const { stdout, stderr } = process;
  const colorOn = (stream: NodeJS.WriteStream) => (env.forceColor || stream.isTTY === true) && !env.noColor;
  // A reader that went away (`| head -1`) changes nothing about the work or its exit code.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
  return {
    env,
    version: versionOfPackage(),
    input: () => text(process.stdin),
    out: (line) => void stdout.write(line),
    err: (line) => void stderr.write(line),
    status: (draw) => {
      // The last column stays free: with a letter in it some terminals are on the next line already.
      if (stderr.isTTY && !env.dumb) stderr.write(`${CLEAR_LINE}${draw?.((stderr.columns ?? 80) - 1) ?? ''}`);
    },
    look: {
      color: colorOn(stdout),
      unicode: env.unicode,
      // A window may have another width by the end of a run.
      get width() {
        return stdout.columns ?? env.columns ?? 100;
      },
    },
    interactive: process.stdin.isTTY === true && stderr.isTTY === true,
    ask,
    logger: (level) => openLog(level, stderr.isTTY ? { color: colorOn(stderr), dumb: env.dumb } : null),
    questions: questionsOn(stderr, stop),
    errIsTerminal: stderr.isTTY === true,
    stop,
    hurry: hurry.signal,
    leave: leave.signal,
  };
}

const hurry = new AbortController();
const leave = new AbortController();

/** Loaded with the first log: help and version need none, and only a person needs it readable. */
async function openLog(level: string, reader: { color: boolean; dumb: boolean } | null): Promise<Logger> {
  const { pino } = await import('pino');
  if (!reader) return pino({ level, base: { tool: 'userdrift' } }, pino.destination({ dest: 2, sync: true }));
  const { default: pretty } = await import('pino-pretty');
  // A line of the log takes the place of the status line, which comes back below it.
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      process.stderr.write(`${reader.dumb ? '' : CLEAR_LINE}${chunk}`);
      done();
    },
  });
  return pino({ level }, pretty({ destination, colorize: reader.color, ignore: 'pid,hostname' }));
}

async function ask(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: question, initialValue: false, output: process.stderr })) === true;
}

function codeOf(signal: Interruption['signal']): number {
  return signal === 'SIGTERM' ? 143 : exitCodeOf('interrupted');
}

/** The first signal lets the batches in flight settle, the second abandons them, the third leaves at once. */
function listenToSignals({ stop, err }: Terminal): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (hurry.signal.aborted) {
        leave.abort();
        process.exit(codeOf(signal));
      }
      // A deadline that passed has been waited for: the signal after it is the second already.
      if (stop.signal.aborted) hurry.abort();
      else stop.abort(new Interruption(signal));
    });
  }
  process.on('uncaughtException', (error) => {
    err(renderFault(unexpected(error), false));
    process.exit(1);
  });
}
