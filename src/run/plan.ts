import type { Config } from '../config/schema.ts';
import type { Scope } from '../port.ts';
import type { Asked, Command, Job } from '../reconcile/job.ts';

/** With two cores a third is no faster; with more it is. */
const WRITERS = 3;
/** More writers than this were slower in every measurement. */
const MOST_WRITERS = 8;

/** What a run is asked for besides its configuration. */
export interface Orders {
  since?: string | undefined;
  shard?: Scope['shard'] | undefined;
  user?: readonly string[] | undefined;
  maxDrift: number;
  dryRun?: boolean | undefined;
  /** Writers; without it, as many as are good for the server. */
  concurrency?: number | undefined;
  batchSize?: number | undefined;
  failOn?: 'drift' | 'unrepaired' | undefined;
  /** A share; true lifts the limit. */
  allowShare?: number | true | undefined;
  maxWrites?: number | undefined;
  allowTriggers?: number | true | undefined;
  /** milliseconds */
  wait?: number | undefined;
  busyOk?: boolean | undefined;
}

/** The job that orders and configuration ask for together. Pure. */
export function plan(command: Command, config: Config, orders: Orders): Omit<Asked, 'again'> {
  return {
    command,
    config: { ...config, key: config.key ?? 'id' },
    scope: { since: orders.since ?? null, shard: orders.shard ?? null },
    keyGiven: config.key !== undefined,
    users: orders.user ?? null,
    dryRun: orders.dryRun === true,
    maxDrift: orders.maxDrift,
    failOn: orders.failOn ?? 'unrepaired',
    limits: limitsOf(command, config, orders),
    concurrency: Math.min(orders.concurrency ?? (command === 'check' ? 1 : WRITERS), MOST_WRITERS),
    givesWay: orders.concurrency === undefined,
    batchSize: orders.batchSize ?? 1000,
    waitMs: orders.wait ?? 0,
    busyOk: orders.busyOk === true,
  };
}

/** `backfill` is the deliberate run: it lifts share and writes, and nothing else; an order with a number holds for it too. */
function limitsOf(command: Command, { limits }: Config, orders: Orders): Job['limits'] {
  const lifted = command === 'backfill';
  return {
    share: allowed(orders.allowShare, lifted ? null : limits.share),
    shareMinimum: limits.shareMinimum,
    writes: orders.maxWrites ?? (lifted ? null : limits.writes),
    failures: limits.failures,
    triggers: allowed(orders.allowTriggers, limits.triggers),
  };
}

/** An order without a number lifts the limit. */
function allowed(order: number | true | undefined, otherwise: number | null): number | null {
  if (order === undefined) return otherwise;
  return order === true ? null : order;
}
