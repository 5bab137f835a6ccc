import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration, parsePast, parsePercent, parseRepository, parseShard, parseUuid } from '../config/units.ts';
import type { Scope } from '../port.ts';

/** The values of the flags that every job has. */
export interface Flags {
  config?: string;
  target?: string;
  key?: string;
  json?: boolean;
  report?: string;
  metricsFile?: string;
  quiet?: boolean;
  pingUrl?: string;
  ids: boolean;
  since?: string;
  grace?: number;
  maxDrift: number;
  deadline?: number;
  shard?: NonNullable<Scope['shard']>;
  transport?: 'postgres' | 'http';
  logLevel?: string;
  user?: string[];
}

/** The values of the flags of doctor. */
export type DoctorFlags = Pick<Flags, 'config' | 'target' | 'key' | 'json' | 'transport' | 'logLevel'>;

/** The values of the flags of history. */
export interface HistoryFlags extends Pick<Flags, 'config' | 'target' | 'json' | 'transport' | 'logLevel'> {
  limit?: number;
  /** in milliseconds */
  last?: number;
  html?: string;
}

/** The values of the flags of sql. */
export type AimFlags = Pick<Flags, 'config' | 'target' | 'key'>;

/** The values of the flags that only writing jobs have. */
export interface WriteFlags extends Flags {
  dryRun?: boolean;
  concurrency?: number | undefined;
  batchSize: number;
  failOn: 'drift' | 'unrepaired';
  allowShare?: number | true;
  maxWrites?: number;
  allowTriggers?: number | true;
  wait: number;
  busyOk?: boolean;
  yes?: boolean;
}

/** The values of the flags of alert. */
export interface AlertFlags {
  environment: string;
  olderThan: number;
  repository?: string;
  timeout: number;
  dryRun?: boolean;
  json?: boolean;
  quiet?: boolean;
  ids: boolean;
}

/** Headings that flags from several places stand under in `--help`. */
const WHO = 'Users:';
const LIMITS = 'Limits:';
export const TOLD = 'Output:';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

function parsing<T>(parse: (text: string) => T | null, expected: string): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === null) throw new InvalidArgumentError(`Expected ${expected}.`);
    return value;
  };
}

/** Parses a whole number within these bounds. */
export function whole(from: number, to: number): (text: string) => number {
  const parse = (text: string) =>
    /^\d{1,12}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : null;
  return parsing(parse, to < 1e9 ? `a whole number from ${from} to ${to}` : `a whole number, ${from} or more`);
}

/** Parses a duration into milliseconds. */
export const duration = parsing(parseDuration, 'a duration such as 90s, 5m or 2h');
const percent = parsing(parsePercent, 'a percentage from 0% to 100%');
const uuid = parsing(parseUuid, 'a uuid');

/** The flags of `check`, and of every other job. `jobIndex` is JOB_COMPLETION_INDEX, for `--shard auto/N`. */
export function addFlags(command: Command, jobIndex: string | undefined): Command {
  const shard = parsing(
    (text) => parseShard(fillIn(text, jobIndex)),
    'I/N such as 1/4, or auto/N with JOB_COMPLETION_INDEX',
  );
  return addPlaceFlags(command)
    .optionsGroup(WHO)
    .option(
      '--since <when>',
      'only users created at or after this: 2026-11-01, a time, or 7d ago',
      parsing((text) => parsePast(text, Date.now()), 'a date or a time in the past, or a duration such as 7d'),
    )
    .option('--grace <duration>', 'leave out users younger than this (default: 60s)', duration)
    .option('--shard <i/n>', 'only part I of N of the users, counted from 1', shard)
    .optionsGroup(LIMITS)
    .option('--max-drift <n>', 'so many missing users are still no failure', whole(0, 1e12), 0)
    .option('--deadline <duration>', 'stop after this time with a partial report', duration)
    .optionsGroup(TOLD)
    .option('--report <file>', 'also write the report to a file, as JSON')
    .option('--metrics-file <file>', 'also write metrics of the run to a file, for Prometheus')
    .option('--quiet', 'print nothing at exit 0 and one line otherwise')
    .addOption(
      new Option('--ping-url <url>', 'told when a run starts and how it ended (default: USERDRIFT_PING_URL)').conflicts(
        ['since', 'shard', 'user', 'dryRun'],
      ),
    )
    .option('--no-ids', 'leave user ids out of all output');
}

/** The flags of every command that looks at a database: which tables, how to reach them, how to tell. */
export function addPlaceFlags(command: Command): Command {
  return addWayFlags(addAimFlags(command));
}

function addWayFlags(command: Command): Command {
  return command
    .optionsGroup('Connection:')
    .addOption(
      new Option(
        '--transport <name>',
        'how to reach the database (default: postgres with DATABASE_URL, http with SUPABASE_URL and a key alone)',
      ).choices(['postgres', 'http']),
    )
    .optionsGroup(TOLD)
    .option('--json', 'print one JSON document')
    .addOption(logLevel());
}

/** The flags of the command that looks back. */
export function addHistoryFlags(command: Command): Command {
  const limit = `look at the last N runs and list them all (default: the last 1000, of which 20 are listed)`;
  return addWayFlags(addTableFlags(command))
    .option('--limit <n>', limit, whole(1, MOST_PAST_RUNS))
    .option('--last <duration>', 'look only at runs that began so long ago at the most: 24h, 7d', duration)
    .option('--html <file>', 'also write the history to a file, as a page');
}

/** What `userdrift_history` gives at once. */
export const MOST_PAST_RUNS = 10_000;

/** What every command that logs has. */
export function logLevel(): Option {
  const meaning = 'what to log on stderr (default: info; warn on a terminal, except for schedule)';
  return new Option('--log-level <level>', meaning).choices(LOG_LEVELS);
}

/** The flags that say which tables are meant. */
export function addAimFlags(command: Command): Command {
  return addTableFlags(command).option('--key <column>', 'target column that holds the auth id (default: id)');
}

function addTableFlags(command: Command): Command {
  return command
    .optionsGroup('Tables:')
    .option('--config <file>', 'configuration file (default: userdrift.config.json, if there is one)')
    .option('--target <table>', "the application's user table, e.g. public.users");
}

/** The flag of the jobs that can be about a few people. */
export function addUserFlag(command: Command): Command {
  const user = new Option('--user <uuid>', 'only this user; repeatable').argParser(collectUsers);
  return command.optionsGroup(WHO).addOption(user.conflicts(['since', 'shard']));
}

/** The flags of the jobs that write. */
export function addWriteFlags(command: Command): Command {
  return command
    .optionsGroup('Writing:')
    .option('--dry-run', 'show what would be written and write nothing')
    .option(
      '--concurrency <n>',
      'batches in flight, at most 8 and never more than the server has to give; otherwise 3, and small ones with pauses while people log in',
      whole(1, 1e12),
    )
    .option('--batch-size <n>', 'users per statement', whole(1, 10_000), 1000)
    .addOption(
      new Option('--fail-on <what>', 'exit 2 when users are still missing, or as soon as any was')
        .choices(['drift', 'unrepaired'])
        .default('unrepaired'),
    )
    .optionsGroup(LIMITS)
    .option('--allow-share [percent]', 'accept that up to this share of the users is missing', percent)
    .option('--max-writes <n>', 'accept writing up to this many rows', whole(0, 1e12))
    .option('--allow-triggers [n]', 'accept up to this many runs of a trigger that reaches outside', whole(0, 1e12))
    .optionsGroup('Other runs and people:')
    .option('--wait <duration>', 'wait this long for another run to finish', duration, 0)
    .option('--busy-ok', 'exit 0 when another run is writing')
    .option('--yes', 'do not ask');
}

/** The flags of the command that tells others. */
export function addAlertFlags(command: Command): Command {
  return command
    .optionsGroup('Alert:')
    .option('--environment <name>', 'one issue for each target and environment', environment, 'production')
    .addOption(
      new Option('--older-than <duration>', 'how long somebody must have been missing before an issue is opened')
        .argParser(duration)
        .default(3_600_000, '1h'),
    )
    .option(
      '--repository <owner/name>',
      'whose issue it keeps (default: GITHUB_REPOSITORY)',
      parsing(parseRepository, 'owner/name'),
    )
    .addOption(
      new Option('--timeout <duration>', 'give up on GitHub and Slack after this time')
        .argParser(duration)
        .default(60_000, '60s'),
    )
    .option('--dry-run', 'show what would be written and write nothing')
    .optionsGroup(TOLD)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'print nothing at exit 0 and one line otherwise')
    .option('--no-ids', 'leave user ids out of all output');
}

const LONGEST_ENVIRONMENT = 60;
const environment = parsing(
  (text) => (text.trim() !== '' && text.length <= LONGEST_ENVIRONMENT ? text.trim() : null),
  `a name of at most ${LONGEST_ENVIRONMENT} characters`,
);

function collectUsers(text: string, users: string[] | undefined): string[] {
  return [...new Set([...(users ?? []), uuid(text)])];
}

function fillIn(text: string, jobIndex: string | undefined): string {
  const index = /^\d{1,4}$/.test(jobIndex ?? '') ? String(Number(jobIndex) + 1) : '';
  return text.replace(/^auto\//, `${index}/`);
}
