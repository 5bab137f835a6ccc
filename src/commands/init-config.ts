import { join, posix, relative } from 'node:path';
import { CONFIG_FILE } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { completedConfig, configText } from '../init/config-text.ts';
import type { Proposal } from '../proposal.ts';
import { callsFunction, type Job } from '../reconcile/job.ts';
import { display } from '../sql/name.ts';
import type { InitFlags } from './init-flags.ts';

/** The configuration: where it is, below which directory, and where an editor finds its schema from there. */
export function placeOf({ config, dir = '.' }: InitFlags) {
  const file = config ?? join(dir, CONFIG_FILE);
  const path = relative(dir, file).replaceAll('\\', '/');
  const up = posix.relative(posix.dirname(path), 'node_modules/userdrift/userdrift.schema.json');
  return { file, path, schema: up.startsWith('.') ? up : `./${up}` };
}

/** The text to be: new with reasons, or what is there, completed. */
export function configOf(proposal: Proposal, job: Job, read: Config, there: string | null, schema: string): string {
  if (there === null) return configText(proposal, schema);
  const target = read.target !== undefined && display(read.target) === proposal.target;
  const columns = read.target === undefined || target ? (read.columns ?? null) : null;
  return completedConfig(there, proposal, {
    target,
    key: read.key === proposal.key,
    columns,
    calls: callsFunction(job),
  });
}
