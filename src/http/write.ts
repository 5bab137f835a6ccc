import { Groups } from '../attempts/groups.ts';
import { isPlainName } from '../attempts/plain-name.ts';
import { Fault } from '../fault.ts';
import type { Outcome, Port, Standing } from '../port.ts';
import { KEY_REWRITTEN } from '../sql/sync-user.ts';
import { explained, type StandingRow, standingOf } from '../standing.ts';
import { type Answer, foreign } from './data-api.ts';
import type { Functions } from './functions.ts';
import { Refusal } from './refusal.ts';

/** How often a single id may run into a timeout before it counts as failed. */
const TIMEOUTS_OF_ONE = 3;
/** Users asked for in one call. */
const ASKED = 500;

interface SyncAnswer extends Answer {
  outcomes: Outcome[];
}

interface UsersAnswer extends Answer {
  users: StandingRow[];
}

/** Hands batches of users to the function that inserts them; it says itself what became of each. */
export class Writer {
  readonly #functions: Functions;
  readonly #batches: Port['batches'];
  readonly #groups: Groups;

  constructor(functions: Functions, batches: Port['batches']) {
    this.#functions = functions;
    this.#batches = batches;
    this.#groups = new Groups(() => {
      batches.split += 1;
    });
  }

  /** Yields the outcomes of each group as it settles, every id once. */
  async *insert(ids: readonly string[]): AsyncGenerator<Outcome[]> {
    this.#batches.count += 1;
    yield* this.#groups.each(ids, (group) => this.#settle(group));
  }

  /** Where these users stand now. */
  async stand(ids: readonly string[]): Promise<Standing[]> {
    const standings: Standing[] = [];
    for (let at = 0; at < ids.length; at += ASKED) {
      const scope = { users: ids.slice(at, at + ASKED) };
      const options = { late: 'reconnect', own: [] } as const;
      const { users } = await this.#functions.call<UsersAnswer>(
        'look up users',
        'userdrift_measure',
        { scope },
        options,
      );
      standings.push(...users.map(standingOf));
    }
    return standings;
  }

  /**
   * null: split it. The function isolates bad rows; what it raises is about all of them, or came up as the transaction
   * ended. A reply that got lost is asked for again: who was written then is there already.
   */
  async #settle(group: readonly string[]): Promise<Outcome[] | null> {
    for (let timeouts = 1; ; timeouts += 1) {
      try {
        const options = { late: 'reconnect', own: ['halve', 'row'] } as const;
        const args = { user_ids: group };
        const answer = await this.#functions.call<SyncAnswer>('insert', 'sync_users_from_auth', args, options);
        return outcomesFor(group, answer.outcomes);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (error.state === KEY_REWRITTEN) throw keyRewritten(error);
        const slow = this.#functions.isTooSlow(error);
        if (group.length > 1) {
          if (slow) this.#groups.tooSlow(group.length);
          return null;
        }
        if (!slow || timeouts >= TIMEOUTS_OF_ONE) return this.#blame(group, error);
      }
    }
  }

  async #blame(group: readonly string[], { state }: Refusal): Promise<Outcome[]> {
    const fault = { kind: 'failed', code: state ?? 'unknown', constraint: null, column: null } as const;
    const standings = await this.stand(group);
    return standings.map((standing) => explained(standing) ?? { id: standing.id, ...fault });
  }
}

/** Exactly one outcome for each id that was sent. */
function outcomesFor(group: readonly string[], outcomes: readonly Outcome[]): Outcome[] {
  const byId = new Map(outcomes.map((outcome) => [outcome.id, outcome]));
  return group.map((id) => {
    const outcome = byId.get(id);
    if (!outcome) throw foreign('sync_users_from_auth');
    if (outcome.kind !== 'failed') return outcome;
    const { code, constraint, column } = outcome;
    return {
      id,
      kind: 'failed',
      code: nameOf(code) ?? 'unknown',
      constraint: nameOf(constraint),
      column: nameOf(column),
    };
  });
}

function nameOf(name: string | null): string | null {
  return name !== null && isPlainName(name) ? name : null;
}

function keyRewritten(cause: unknown): Fault {
  return new Fault('key_rewritten', 'a trigger on the target changed the key of the rows that were inserted', {
    fix: 'let the trigger leave the key alone; the rows of that batch were rolled back',
    cause,
  });
}
