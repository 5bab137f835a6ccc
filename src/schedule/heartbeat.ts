import type { Line } from './crontab.ts';

/**
 * What a line's process is told of the ping URL. Beside a sync a check does not ping: it may find what the next sync inserts,
 * and that is no reason to wake anybody. Alone it is the job, and pings. The empty string also wins over `.env`.
 */
export function heartbeatOf({ args: [command] }: Pick<Line, 'args'>, lines: readonly Pick<Line, 'args'>[]) {
  const besideSync = command === 'check' && lines.some(({ args }) => args[0] === 'sync');
  return besideSync ? { USERDRIFT_PING_URL: '' } : {};
}
