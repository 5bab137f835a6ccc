import { setTimeout as sleep } from 'node:timers/promises';
import pRetry from 'p-retry';
import { Fault } from '../fault.ts';
import { answerIn, waitAsked } from './github-fault.ts';

const RETRIES = 2;

/**
 * Tries again what has failed for now, twice at most. `repeatable`: doing it twice does no harm; else it is tried again
 * only where GitHub has turned it away unread. Throws the last error as it came.
 */
export async function patiently<T>(
  work: () => Promise<T>,
  how: { repeatable: boolean; signal: AbortSignal },
): Promise<T> {
  return pRetry(work, {
    retries: RETRIES,
    minTimeout: 0,
    onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
      const waitMs = retriesLeft > 0 ? waitBeforeRetry(error, attemptNumber, how.repeatable) : null;
      if (waitMs === null) throw error;
      await sleep(waitMs, undefined, { signal: how.signal });
    },
  });
}

/** Nobody waits longer than this for an alert: the next run has the same to say. */
const LONGEST_WAIT_MS = 30_000;

/** null: another attempt is of no use, or could do the same twice. */
function waitBeforeRetry(error: unknown, attempt: number, repeatable: boolean): number | null {
  const answer = answerIn(error);
  const asked = answer && waitAsked(answer, Date.now());
  if (asked !== null) return asked <= LONGEST_WAIT_MS ? asked : null;
  if (!repeatable) return null;
  const passing = answer ? answer.status >= 500 : isOfTheNetwork(error);
  return passing ? 250 * 2 ** attempt : null;
}

function isOfTheNetwork(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Fault && (cause.code === 'unreachable' || cause.code === 'no_answer');
}
