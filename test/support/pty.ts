import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../bin/userdrift.js', import.meta.url));

/** util-linux has it, and so does every Debian; the program of that name on macOS takes other arguments. */
export const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true;

/** Runs the real CLI on a terminal of its own; returns all that the terminal was sent. */
export async function runOnTerminal(
  args: readonly string[],
  options: { url: string; config: object; columns?: number; env?: Record<string, string> },
): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'userdrift-pty-'));
  try {
    await writeFile(join(cwd, 'userdrift.config.json'), JSON.stringify(options.config));
    const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qec', `stty cols ${options.columns ?? 120}; ${command}`, '/dev/null'], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: '/usr/bin:/bin',
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
        DATABASE_URL: options.url,
        ...options.env,
      },
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}
