import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Fault } from '../fault.ts';
import type { Asked, Command, Job } from '../reconcile/job.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { parseName } from '../sql/name.ts';
import type { Flags, WriteFlags } from './flags.ts';

/** More writers than this were slower in every measurement. */
const MOST_WRITERS = 8;

/** The job that the command line and the configuration ask for together; a flag wins. Throws a Fault. */
export async function jobOf(command: Command, flags: Flags | WriteFlags): Promise<Asked> {
  return plan(command, await loadConfig(flags.config), flags);
}

/** The job for a configuration that is read already. Throws a Fault. */
export function plan(command: Command, read: Config, flags: Flags | WriteFlags): Asked {
  const config = withFlags(read, flags);
  const write: WriteFlags = { ...READ_ONLY, ...flags };
  return {
    command,
    config,
    scope: { since: flags.since ?? null, shard: flags.shard ?? null },
    keyGiven: flags.key !== undefined || read.key !== undefined,
    users: flags.user ?? null,
    dryRun: write.dryRun === true,
    maxDrift: flags.maxDrift,
    failOn: write.failOn,
    limits: limitsOf(command, config, write),
    concurrency: Math.min(write.concurrency, MOST_WRITERS),
    batchSize: write.batchSize,
    waitMs: write.wait,
    busyOk: write.busyOk === true,
    again: againOf(flags),
  };
}

const READ_ONLY = {
  concurrency: 1,
  batchSize: 1000,
  failOn: 'unrepaired',
  wait: 0,
} as const;

function withFlags(config: Config, flags: Flags): Asked['config'] {
  const target = flags.target === undefined ? config.target : parseName(flags.target);
  if (target === null) {
    throw new Fault('target_invalid', '--target is not a table name', {
      verdict: 'usage',
      fix: 'write it as in SQL: public.users, or "public.\\"Profile\\"" for a quoted name',
    });
  }
  const given = { key: flags.key ?? config.key ?? 'id', grace: flags.grace ?? config.grace };
  return { ...config, ...(target && { target }), ...given };
}

function againOf({ config, target, key, transport }: Flags): string {
  const http = transport === 'http' ? transport : undefined;
  const flags = Object.entries({ config, target, key, transport: http });
  return flags.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`)).join('');
}

/** `backfill` is the deliberate run: it lifts share and writes, and nothing else; a flag with a number holds for it too. */
function limitsOf(command: Command, { limits }: Config, flags: WriteFlags): Job['limits'] {
  const lifted = command === 'backfill';
  return {
    share: allowed(flags.allowShare, lifted ? null : limits.share),
    shareMinimum: limits.shareMinimum,
    writes: flags.maxWrites ?? (lifted ? null : limits.writes),
    failures: limits.failures,
    triggers: allowed(flags.allowTriggers, limits.triggers),
  };
}

/** A flag without a number lifts the limit. */
function allowed(flag: number | true | undefined, otherwise: number | null): number | null {
  if (flag === undefined) return otherwise;
  return flag === true ? null : flag;
}
