import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Fault } from '../fault.ts';
import type { Asked, Command } from '../reconcile/job.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { plan as planRun } from '../run/plan.ts';
import { parseName } from '../sql/name.ts';
import type { Flags, WriteFlags } from './flags.ts';

/** The job that the command line and the configuration ask for together; a flag wins. Throws a Fault. */
export async function jobOf(command: Command, flags: Flags | WriteFlags): Promise<Asked> {
  return plan(command, await loadConfig(flags.config), flags);
}

/** The job for a configuration that is read already. Throws a Fault. */
export function plan(command: Command, read: Config, flags: Flags | WriteFlags): Asked {
  return { ...planRun(command, withFlags(read, flags), flags), again: againOf(flags) };
}

function withFlags(config: Config, flags: Flags): Config {
  const target = flags.target === undefined ? config.target : parseName(flags.target);
  if (target === null) {
    throw new Fault('target_invalid', '--target is not a table name', {
      verdict: 'usage',
      fix: 'write it as in SQL: public.users, or "public.\\"Profile\\"" for a quoted name',
    });
  }
  const { key = config.key, grace = config.grace } = flags;
  return { ...config, ...(target && { target }), ...(key !== undefined && { key }), grace };
}

function againOf({ config, target, key, transport }: Flags): string {
  const http = transport === 'http' ? transport : undefined;
  const flags = Object.entries({ config, target, key, transport: http });
  return flags.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`)).join('');
}
