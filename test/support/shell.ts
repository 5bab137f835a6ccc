import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/userdrift.js', import.meta.url));

/** A `userdrift` for sh, bash and zsh that answers what completion asks, and shows what any other call was given. */
export const STAND_IN = `userdrift() {
  case $1 in complete | completion) "${process.execPath}" "${BIN}" "$@" ;; *) printf '<%s>' "$@"; echo ;; esac
}`;

export interface Typed {
  /** The shell and its flags. */
  shell: readonly [string, ...string[]];
  /** What it is told before it is typed at. */
  setup: string;
  /** Keys, with \t for Tab. */
  keys: string;
  /** Files in its folder. */
  files?: readonly string[];
}

/** Types at an interactive shell on a terminal of its own; returns the arguments that \`userdrift\` was called with then. */
export async function type({ shell, setup, keys, files = [] }: Typed): Promise<string[]> {
  const cwd = await mkdtemp(join(tmpdir(), 'userdrift-shell-'));
  for (const file of files) await writeFile(join(cwd, file), '');
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TERM: 'xterm', HOME: cwd, SHELL: '/bin/sh' };
  const child = spawn('script', ['-qec', shell.join(' '), '/dev/null'], { cwd, env });
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000);
  try {
    let output = '';
    child.stdin.write(`${setup}\necho READY | tr A-Z a-z\n`);
    for await (const chunk of child.stdout) {
      const before = output;
      output += String(chunk);
      if (!/^ready/m.test(before) && /^ready/m.test(output)) child.stdin.write(`${keys}\nexit\n`);
    }
    const [call] = [...output.matchAll(/^(?:<[^>\n]*>)+/gm)].slice(-1);
    if (!call) throw new Error(`userdrift was not called: ${output}`);
    return [...call[0].matchAll(/<([^>]*)>/g)].map(([, word = '']) => word);
  } finally {
    clearTimeout(limit);
    await rm(cwd, { recursive: true, force: true });
  }
}
