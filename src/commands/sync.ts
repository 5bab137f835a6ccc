import type { WriteFlags } from './flags.ts';
import { runJob } from './run-job.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift sync`: one full pass, or the users of `--user`. */
export function sync(flags: WriteFlags, terminal: Terminal): Promise<number> {
  return runJob('sync', flags, terminal);
}
