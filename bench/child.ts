import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** How a measured Node process ended, and what it used. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** From before it was started until after it was gone. */
  seconds: number;
  peakMegabytes: number;
  cpuSeconds: number;
}

const HOOK = fileURLToPath(new URL('./usage-hook.js', import.meta.url));
const usageSchema = z.object({ peak: z.number(), cpu: z.number() });

/** Runs a file with this Node in an environment of its own, and measures it. Throws when it leaves no measurement. */
export async function runMeasured(
  file: string,
  args: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Record<string, string> },
): Promise<Ended> {
  const usageFile = join(usageFolder(), `${randomUUID()}.json`);
  const ended = await run([`--import=${HOOK}`, file, ...args], { cwd, env, usageFile });
  const text = await readFile(usageFile, 'utf8').catch(() => {
    throw new Error(`the measured process died: ${ended.stderr}`);
  });
  const { peak, cpu } = usageSchema.parse(JSON.parse(text));
  return { ...ended, peakMegabytes: peak / 1024, cpuSeconds: cpu / 1e6 };
}

let folder: string | undefined;

/** One for all runs; it goes with this process, also when Ctrl-C ends it in the middle of one. */
function usageFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'userdrift-bench-run-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

interface Place {
  cwd: string | undefined;
  env: Record<string, string>;
  usageFile: string;
}

function run(args: string[], { cwd, env, usageFile }: Place): Promise<Omit<Ended, 'peakMegabytes' | 'cpuSeconds'>> {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', ...env, USERDRIFT_BENCH_USAGE: usageFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout: stdout(), stderr: stderr(), seconds: (performance.now() - started) / 1000 });
    });
  });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
