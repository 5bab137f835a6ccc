import { readFileSync } from 'node:fs';

/** The lines of a crontab: when, and the words of the command. */
export function crontabLines(text = readFileSync('crontab', 'utf8')): { schedule: string; command: string[] }[] {
  return text
    .split('\n')
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
