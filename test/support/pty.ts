import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/userdrift.js', import.meta.url));

/** util-linux has it, and so does every Debian; the program of that name on macOS takes other arguments. */
export const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

const PATIENCE_MS = 40_000;

/** What a person does at a terminal: waits for a text, then presses keys. */
export interface Step {
  sees: RegExp;
  keys: string;
}

interface Terminal {
  url: string;
  files: Readonly<Record<string, string>>;
  columns?: number;
  env?: Record<string, string>;
}

/** Runs the real CLI on a terminal of its own; returns all that the terminal was sent. */
export async function runOnTerminal(
  args: readonly string[],
  options: { url: string; config: object; columns?: number; env?: Record<string, string> },
): Promise<string> {
  const files = { 'userdrift.config.json': JSON.stringify(options.config) };
  return (await sitAtTerminal(args, { ...options, files }, [])).text;
}

/** The same with somebody who answers; also the exit code, and the files of the directory afterwards. */
export async function sitAtTerminal(
  args: readonly string[],
  { url, files, columns = 120, env = {} }: Terminal,
  steps: readonly Step[],
): Promise<{ text: string; code: number | null; files: string[] }> {
  const cwd = await mkdtemp(join(tmpdir(), 'userdrift-pty-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
    const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', `stty cols ${columns}; ${command}`, '/dev/null'], {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/bin:/bin',
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
        DATABASE_URL: url,
        ...env,
      },
    });
    const [text, code] = await attend(child, steps);
    return { text, code, files: await readdir(cwd) };
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

/** Presses the keys of each step once its text has come after those of the step before. */
async function attend(child: ChildProcessWithoutNullStreams, steps: readonly Step[]): Promise<[string, number | null]> {
  let [text, seen, next] = ['', 0, 0];
  // With nobody there, stdin is closed from the beginning.
  if (steps.length === 0) child.stdin.end();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const step = steps[next];
      if (!step?.sees.test(text.slice(seen))) return;
      [seen, next] = [text.length, next + 1];
      child.stdin.write(step.keys);
    });
  }
  // Whoever waits for an answer that nobody has would wait for ever.
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  clearTimeout(patience);
  if (next < steps.length) throw new Error(`never seen: ${steps[next]?.sees} in ${text}`);
  return [text, code];
}
