import { readFileSync } from 'node:fs';

/** The longest that a statement of ours may run on the server, in seconds: what has to settle after a signal. */
export function longestStatement(): number {
  const texts = ['session', 'write', 'call'].map((name) => readFileSync(`src/postgres/${name}.ts`, 'utf8'));
  const limits = [...texts.join('\n').matchAll(/statement_timeout: '(\d+)s'/g)].map(([, seconds]) => Number(seconds));
  if (limits.length < 3) throw new Error('the statement timeouts are written in another way now');
  return Math.max(...limits);
}
