import { readFileSync } from 'node:fs';

/** The lines of the crontab: when, and the words of the command. */
export function crontabLines(): { schedule: string; command: string[] }[] {
  const lines = readFileSync('crontab', 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const words = line.split(/\s+/);
      return { schedule: words.slice(0, 5).join(' '), command: words.slice(5) };
    });
}

/** The line that syncs. */
export function syncLine(): { schedule: string; command: string[] } {
  const line = crontabLines().find(({ command }) => command[1] === 'sync');
  if (!line) throw new Error('the crontab has no sync');
  return line;
}
