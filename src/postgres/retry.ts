import { type RetryOptions, withRetry as withRetryOf } from '../attempts/retry.ts';
import { classify, sqlState } from './sqlstate.ts';

/** Runs `attempt` again as the SQLSTATE of its error, or the loss of the connection, allows; see attempts/retry.ts. */
export function withRetry<T>(attempt: () => Promise<T>, options: Omit<RetryOptions, 'judge'> = {}): Promise<T> {
  return withRetryOf(attempt, { ...options, judge: (error) => ({ action: classify(error), code: sqlState(error) }) });
}
