import { randomBytes } from 'node:crypto';
import { type Ended, runCli } from './child.ts';
import { fence } from './commands.ts';
import type { World } from './world.ts';

/** Runs the command line so that nothing in its output is a command to the runner. */
export async function runFenced(
  argv: readonly string[],
  { say, holds }: World,
  place: { cwd: string; env: Record<string, string> },
): Promise<Ended> {
  const { open, close } = fence(randomBytes(16).toString('hex'));
  say(open);
  try {
    return await runCli(argv, { ...place, write: say, holds });
  } finally {
    say(close);
  }
}
