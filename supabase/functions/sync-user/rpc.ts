import { createClient } from '@supabase/supabase-js';
import { type Failure, failureOf } from './failure.ts';

/** What became of a user; the statuses are those of `public.sync_user_from_auth`. */
export type Outcome =
  | { kind: 'done'; status: (typeof STATUSES)[number]; attempts: number }
  | Failure & { attempts: number };

/** The call of the database function, or why it cannot be made. */
export type Rpc =
  | { syncUser: (userId: string, milliseconds: number) => Promise<Outcome>; fault?: undefined }
  | { syncUser?: undefined; fault: string };

const STATUSES = ['inserted', 'already_present', 'excluded', 'not_found'] as const;

const FIRST_PAUSE_MS = 100;

/** With less time left, an attempt would only put its own timeout in place of what went wrong. */
const SHORTEST_ATTEMPT_MS = 250;

/** The Data API of the project, with retry: supabase-js repeats no POST. Calling twice for one user changes nothing. */
export function connect(url: string | undefined, key: string | undefined): Rpc {
  if (url === undefined) return { fault: 'SUPABASE_URL is not set' };
  if (key === undefined) return { fault: 'neither SUPABASE_SECRET_KEYS nor SUPABASE_SERVICE_ROLE_KEY has a key' };
  // Otherwise a timer for a session that a server does not have keeps running.
  const client = createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } });

  async function once(userId: string, signal: AbortSignal): Promise<Outcome> {
    const { data, error, status } = await client.rpc('sync_user_from_auth', { user_id: userId }).abortSignal(signal);
    if (error) return { ...failureOf(error.code, status), attempts: 1 };
    const known = STATUSES.find((each) => each === data?.status);
    return known ? { kind: 'done', status: known, attempts: 1 } : { kind: 'final', code: 'odd_answer', attempts: 1 };
  }

  return { syncUser: (userId, milliseconds) => repeat((signal) => once(userId, signal), milliseconds) };
}

/** Repeats what failed for a moment, with growing pauses of random length, until the time is up. */
async function repeat(call: (signal: AbortSignal) => Promise<Outcome>, milliseconds: number): Promise<Outcome> {
  const end = performance.now() + milliseconds;
  for (let attempts = 1, pause = FIRST_PAUSE_MS;; attempts += 1, pause *= 2) {
    // An attempt that hangs leaves time for another one.
    const left = end - performance.now();
    const outcome = { ...await call(AbortSignal.timeout(attempts === 1 ? left * 0.6 : left)), attempts };
    const wait = pause * (0.5 + Math.random());
    if (outcome.kind !== 'again' || performance.now() + wait + SHORTEST_ATTEMPT_MS > end) return outcome;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}
