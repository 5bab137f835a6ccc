import type { Flags } from './flags.ts';
import { runJob } from './run-job.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift check`: read-only; exit 2 if there is drift. */
export function check(flags: Flags, terminal: Terminal): Promise<number> {
  return runJob('check', flags, terminal);
}
