import type { Config } from '../config/schema.ts';
import type { Scope } from '../port.ts';
import type { Name } from '../sql/name.ts';

export type Command = 'check' | 'sync' | 'backfill';

/** One run whose target is known. */
export interface Job extends Asked {
  config: Asked['config'] & { target: Name };
}

/** One run as it was asked for. Without a target, the database is asked for the one that stands out. */
export interface Asked {
  command: Command;
  config: Config & { key: string };
  /** The key was named, so that a target that is looked for must have it; else it is `id` until the target is known. */
  keyGiven: boolean;
  scope: Scope;
  /** null: everybody in the scope */
  users: readonly string[] | null;
  dryRun: boolean;
  maxDrift: number;
  failOn: 'drift' | 'unrepaired';
  /** Limits in force; null: none. */
  limits: {
    share: number | null;
    shareMinimum: number;
    writes: number | null;
    failures: number;
    triggers: number | null;
  };
  concurrency: number;
  /** Nobody said how many writers: so that fewer will do while people sign up and log in. */
  givesWay: boolean;
  batchSize: number;
  waitMs: number;
  /** A run that finds another one writing is no failure. */
  busyOk: boolean;
  /** The flags that a next command must repeat to speak of the same tables, with a leading space each. */
  again: string;
}

/** Does the job write, if the guard lets it? */
export function writes(job: Job): boolean {
  return job.command !== 'check' && !job.dryRun;
}

/** Does a function of the application write the missing users? */
export function callsFunction({ config }: Pick<Asked, 'config'>): boolean {
  return config.repair !== 'insert';
}

/** Does the verdict speak of all users? */
export function isFull({ scope, users }: Asked): boolean {
  return scope.since === null && scope.shard === null && users === null;
}
