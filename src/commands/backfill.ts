import type { WriteFlags } from './flags.ts';
import { runJob } from './run-job.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift backfill`: the deliberate run that a person types. */
export function backfill(flags: WriteFlags, terminal: Terminal): Promise<number> {
  return runJob('backfill', flags, terminal);
}
