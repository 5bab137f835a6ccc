import { type Command, Option } from 'commander';
import { duration, logLevel, TOLD, whole } from './flags.ts';

/** The values of the flags of schedule. */
export interface ScheduleFlags {
  crontab: string;
  host: string;
  port: number;
  maxAge?: number;
  jitter: number;
  runAtStart?: boolean;
  runLimit: number;
  logLevel?: string;
}

/** The flags of schedule. */
export function addScheduleFlags(command: Command): Command {
  return command
    .optionsGroup('Runs:')
    .option('--crontab <file>', 'the lines to run', 'crontab')
    .optionsGroup('Status:')
    .option('--host <address>', 'where to serve the status: 0.0.0.0 is every address of the machine', '127.0.0.1')
    .option('--port <n>', 'port of the status; 0: any', whole(0, 65_535), 8080)
    .option(
      '--max-age <duration>',
      'how old the last good run may be (default: three times the gap between runs, at least 15m)',
      duration,
    )
    .optionsGroup('Runs:')
    .addOption(
      new Option('--jitter <duration>', 'start each run up to so much later')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--run-limit <duration>', 'stop a run after this time').argParser(duration).default(3_600_000, '1h'),
    )
    .option('--run-at-start', 'run every line once, right away')
    .optionsGroup(TOLD)
    .addOption(logLevel());
}
