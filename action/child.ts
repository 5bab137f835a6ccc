import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { byLine } from './lines.ts';

const CLI = fileURLToPath(new URL('../bin/userdrift.js', import.meta.url));

/** How the command line ended. */
export interface Ended {
  /** null: by a signal */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last line of stderr that is meant for a person, without the name of the program in front. */
  said: string | null;
}

export interface Surroundings {
  cwd: string;
  env: Record<string, string>;
  /** Gets the output of both streams, in whole lines. */
  write: (text: string) => void;
  /** Gets the process, to send signals to. */
  holds: (child: ChildProcess) => void;
}

/** Runs the command line in a process of its own: a crash or a leak stays there, and no shell sees an argument. */
export async function runCli(argv: readonly string[], { cwd, env, write, holds }: Surroundings): Promise<Ended> {
  const child = spawn(process.execPath, [CLI, ...argv], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  holds(child);
  let said: string | null = null;
  const rests = [
    byLine(child.stdout, write),
    byLine(child.stderr, (line) => {
      if (!isLog(line)) said = line.trim().replace(/^userdrift: /, '');
      write(line);
    }),
  ];
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  for (const rest of rests) rest();
  return { code, signal, said };
}

/** The log is one JSON object a line. */
function isLog(line: string): boolean {
  return line.startsWith('{') || line.trim() === '';
}
