import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Arena } from '../arena.ts';
import { startCompanion } from '../companion.ts';

export const paceSchema = z.object({ url: z.string(), connections: z.number(), perSecond: z.number() });

/** So many connections, each with so many logins per second. */
export type Pace = Omit<z.infer<typeof paceSchema>, 'url'>;

const loginsSchema = z.array(z.object({ at: z.number(), took: z.number() }));

/**
 * People log in while the work is done, from a process of its own, and for a while before; returns the milliseconds that
 * each login took that was due during the work.
 */
export async function withLogins(
  { authUrl }: Arena,
  pace: Pace,
  warmUpMs: number,
  work: () => Promise<unknown>,
): Promise<number[]> {
  const file = new URL('./logins-process.ts', import.meta.url);
  const companion = await startCompanion(file, { url: authUrl, ...pace });
  await sleep(warmUpMs);
  const begun = Date.now();
  const [outcome] = await Promise.allSettled([work()]);
  const ended = Date.now();
  const logins = loginsSchema.parse(await companion.stop());
  if (outcome.status === 'rejected') throw outcome.reason;
  return logins.filter(({ at }) => at >= begun && at <= ended).map(({ took }) => took);
}
