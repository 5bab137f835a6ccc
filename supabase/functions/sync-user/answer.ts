import type { Outcome } from './rpc.ts';

/** Supabase Auth asks again at once whatever the number is, but only if there is one. */
const RETRY_AFTER_SECONDS = '2';

/** A JSON answer; Supabase Auth refuses any other type. */
export function answer(status: number, body: Record<string, string>, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers });
}

/** The answer to a request that is not acted on. */
export function refusal(status: number, code: string, message: string, headers?: Record<string, string>): Response {
  return answer(status, { status: 'refused', code, message }, headers);
}

/**
 * The answer to a request that was acted on.
 * - done: 200, also for `not_found`. pg_net sends after the commit and the hook runs after it (supabase/auth
 *   `internal/api/hooks.go`, checkTX), so a user that is not there has been deleted since, or belongs to another project;
 *   asking again would not help.
 * - a failure that passes: 503 with Retry-After.
 * - a failure that lasts: 422 to pg_net, which asks once whatever the answer is, and keeps the status where a query finds
 *   it (net._http_response). Supabase Auth would turn any error into a failed sign-up of a user who exists, so the hook
 *   gets 200. Both are logged, and left to the scheduled job.
 */
export function answerTo(caller: 'webhook' | 'hook', user_id: string, outcome: Outcome): Response {
  switch (outcome.kind) {
    case 'done':
      return answer(200, { status: outcome.status, user_id });
    case 'again':
      return answer(503, { status: 'unavailable', code: outcome.code, user_id }, {
        'retry-after': RETRY_AFTER_SECONDS,
      });
    case 'final':
      return answer(caller === 'hook' ? 200 : 422, { status: 'failed', code: outcome.code, user_id });
  }
}
