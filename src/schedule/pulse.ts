import type { Line } from './crontab.ts';

/** With these a run proves nothing for the schedule, and pings nobody. */
const SILENT = /^--(since|shard|user|dry-run)(=|$)/;

/**
 * Does the line leave USERDRIFT_PING_URL to another one? A check beside a sync finds who the next sync inserts: told as a
 * failure, it would wake somebody for nothing. `--ping-url` on the line itself is heeded all the same.
 */
export function leavesPulse({ args: [command] }: Pick<Line, 'args'>, lines: readonly Pick<Line, 'args'>[]): boolean {
  return command === 'check' && lines.some(({ args }) => args[0] === 'sync' && !args.some((word) => SILENT.test(word)));
}
