import { Fault } from '../fault.ts';
import type { Clock, Scope } from '../port.ts';
import { shardBounds } from '../sql/shard.ts';
import { type Answer, foreign } from './data-api.ts';
import type { Functions } from './functions.ts';

interface MissingAnswer extends Answer {
  ids: string[];
  next: string | null;
}

/** Source rows that a call looks through, at first; with 10 million users in sync that is 50 calls. */
const WINDOW_ROWS = 200_000;
/** Below this a window that times out is no matter of size. */
const SMALLEST_WINDOW = 1000;
/** Users without a row that a call looks at, expected or not. */
const PAGE_ROWS = 5000;

/** Ids of missing users in ascending order, in batches. Between two calls nothing is held in the database. */
export async function* streamMissing(
  functions: Functions,
  scope: Scope,
  clock: Clock,
  batchSize: number,
): AsyncGenerator<string[]> {
  let held: string[] = [];
  for await (const ids of pages(functions, scope, clock)) {
    held.push(...ids);
    while (held.length >= batchSize) {
      yield held.slice(0, batchSize);
      held = held.slice(batchSize);
    }
  }
  if (held.length > 0) yield held;
}

async function* pages(functions: Functions, { shard, since }: Scope, clock: Clock): AsyncGenerator<string[]> {
  const { after: from, upTo: to } = shardBounds(shard);
  let window = WINDOW_ROWS;
  for (let after = from, done = false; !done; ) {
    const scope = { from, to, since, ...clock, window };
    const page = await nextPage(functions, { after, page: Math.min(PAGE_ROWS, window), scope });
    if (page) {
      yield page.ids;
      done = page.next === null;
      after = advanced(after, page.next);
    } else {
      window = smaller(window);
    }
  }
}

/** null: it takes too long. */
async function nextPage(functions: Functions, args: object): Promise<MissingAnswer | null> {
  try {
    const options = { late: 'halve', own: ['halve'] } as const;
    return await functions.call<MissingAnswer>('stream ids', 'userdrift_missing', args, options);
  } catch (error) {
    if (functions.isTooSlow(error)) return null;
    throw error;
  }
}

function smaller(window: number): number {
  if (window > SMALLEST_WINDOW) return Math.ceil(window / 2);
  throw new Fault('timeout', `the database refused to stream ids: even ${SMALLEST_WINDOW} users take too long`, {
    fix: 'run it again when the database is less busy, or over DATABASE_URL',
  });
}

/** A stream that does not move would never end. */
function advanced(after: string | null, next: string | null): string | null {
  if (next === null || after === null || next > after) return next;
  throw foreign('userdrift_missing');
}
