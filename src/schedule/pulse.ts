import type { Line } from './crontab.ts';

type Args = Line['args'];

/** With these a run proves nothing for the schedule, and pings nobody. */
const SILENT = /^--(since|shard|user|dry-run)(=|$)/;

/**
 * Does the line leave USERDRIFT_PING_URL to another one? A check beside a sync of the same tables finds who the next sync
 * inserts: told as a failure, it would wake somebody for nothing. `--ping-url` on the line itself is heeded all the same.
 */
export function leavesPulse({ args }: Pick<Line, 'args'>, lines: readonly Pick<Line, 'args'>[]): boolean {
  const mends = ({ args: others }: Pick<Line, 'args'>) =>
    others[0] === 'sync' && !others.some((word) => SILENT.test(word)) && aimOf(others) === aimOf(args);
  return args[0] === 'check' && lines.some(mends);
}

/** Which tables are meant, as far as the line says it. */
function aimOf(args: Args): string {
  const spelled = args.map((word, index) => (/^--(target|config)$/.test(word) ? `${word}=${args[index + 1]}` : word));
  return spelled
    .filter((word) => /^--(target|config)=/.test(word))
    .sort()
    .join(' ');
}
