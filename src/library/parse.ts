import { z } from 'zod';
import { describeIssue } from '../config/issue.ts';
import { parsed } from '../config/parsed.ts';
import { configSchema } from '../config/schema.ts';
import { parseDuration, parsePast, parsePercent, parseShard, parseUuid } from '../config/units.ts';
import { Fault } from '../fault.ts';
import type { Command } from '../reconcile/job.ts';
import { type Log, NO_LOG } from '../run/log.ts';
import { connectionSchema } from './connection.ts';
import type { BackfillOptions, CheckOptions, Progress, SyncOptions } from './options.ts';

const SHARE = 'a percentage from 0% to 100%, or true';
const count = z.int().min(0);
const duration = parsed(parseDuration, 'a duration such as 90s, 5m or 2h');
const moment = parsed((text) => parsePast(text, Date.now()), 'a date or a time in the past, or a duration such as 7d');
const uuid = parsed(parseUuid, 'a uuid');
const signal = z.instanceof(AbortSignal, { error: 'expected an AbortSignal' }).optional();

const common = {
  connection: connectionSchema,
  config: configSchema.prefault({}),
  since: z.preprocess(asText, moment.optional()),
  shard: parsed(parseShard, 'I/N such as 1/4').optional(),
  maxDrift: count.default(0),
  deadline: duration.optional(),
  ids: z.boolean().default(true),
  signal,
  hurry: signal,
  log: z.custom<Log>(isLog, 'expected the methods debug, info and warn').default(NO_LOG),
};
const users = z.array(uuid).min(1).optional();
const writing = {
  dryRun: z.boolean().default(false),
  concurrency: z.int().min(1).optional(),
  batchSize: z.int().min(1).max(10_000).default(1000),
  failOn: z.enum(['drift', 'unrepaired']).default('unrepaired'),
  allowShare: z.union([z.literal(true), parsed(parsePercent, SHARE)], { error: `expected ${SHARE}` }).optional(),
  maxWrites: count.optional(),
  allowTriggers: z.union([z.literal(true), count], { error: 'expected a whole number, or true' }).optional(),
  wait: duration.default(0),
  onProgress: z
    .custom<(progress: Progress) => void>((value) => typeof value === 'function', 'expected a function')
    .optional(),
};

const SCHEMAS = {
  check: z.strictObject({ ...common, users }).superRefine(usersAlone),
  sync: z.strictObject({ ...common, ...writing, users }).superRefine(usersAlone),
  backfill: z.strictObject({ ...common, ...writing }),
} as const;

/** Options with their defaults, and their text turned into values: times in milliseconds, shares as fractions. */
type Parsed = z.output<(typeof SCHEMAS)['check']> & Partial<z.output<(typeof SCHEMAS)['sync']>>;

/** Parses the options of a command. Throws one Fault with every fault in them. */
export function parseOptions(command: Command, options: CheckOptions | SyncOptions | BackfillOptions): Parsed {
  if (!Object.hasOwn(SCHEMAS, command)) throw invalid(['the command is none of check, sync and backfill']);
  const result = SCHEMAS[command].safeParse(options);
  if (result.success) return result.data;
  throw invalid(result.error.issues.flatMap((issue) => describeIssue(issue, 'the options')));
}

function invalid(faults: readonly string[]): Fault {
  return new Fault('options_invalid', faults.join('; '), { verdict: 'usage', fix: 'correct what reconcile is given' });
}

function asText(value: unknown): unknown {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value;
}

function isLog(value: unknown): boolean {
  const methods = ['debug', 'info', 'warn'];
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

function usersAlone(options: { users?: unknown; since?: unknown; shard?: unknown }, context: z.RefinementCtx): void {
  if (options.users === undefined || (options.since === undefined && options.shard === undefined)) return;
  context.addIssue({ code: 'custom', path: ['users'], message: 'not together with since or shard' });
}
