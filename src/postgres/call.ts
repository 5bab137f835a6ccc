import { Fault } from '../fault.ts';
import type { Ids } from '../ids.ts';
import type { Outcome, RowFault, Standing } from '../port.ts';
import { callSql, turnSql } from '../sql/call.ts';
import type { Mapping } from '../sql/mapping.ts';
import { literal, type Name } from '../sql/name.ts';
import { isOfTheCall } from './call-fault.ts';
import type { Server } from './server.ts';
import { classify, faultOf, sqlState } from './sqlstate.ts';
import type { Writer } from './write.ts';

/** Calls per read-back; fewer where calls are slow, so that outcomes are known within seconds. */
const GROUP = 20;
const GROUP_MS = 2000;
/** How often one user's call may run into a timeout before it counts as failed. */
const TIMEOUTS_OF_ONE = 3;

/** The app's function runs as in the app: under the role's own search_path, with policies in force. */
const SETTINGS = {
  // A notice can quote a row.
  client_min_messages: 'error',
  row_security: 'on',
  idle_in_transaction_session_timeout: '60s',
  statement_timeout: '60s',
};
/** Longer than any call may take but for its commit. */
const TURN = { lock_timeout: '60s', statement_timeout: '90s' };
const CALL = { lock_timeout: '5s', statement_timeout: '60s' };

/** What a call said of itself. Only the read-back tells what became of the user. */
type Call = { said: 'called' | 'passed over' } | { said: 'raised'; fault: RowFault };

interface Calls {
  made: Map<string, Call>;
  /** What ended the run in the middle of the group. */
  trouble: { error: unknown } | null;
  done: boolean;
}

/** Has a function of the application write missing users, one call and one transaction each. */
export class Caller {
  readonly #server: Server;
  readonly #mapping: Mapping;
  readonly #repair: Name;
  readonly #writer: Pick<Writer, 'stand' | 'batches'>;

  constructor(server: Server, mapping: Mapping, repair: Name, writer: Pick<Writer, 'stand' | 'batches'>) {
    this.#server = server;
    this.#mapping = mapping;
    this.#repair = repair;
    this.#writer = writer;
  }

  /**
   * Calls the function for each of these users in turn and yields what a read-back shows, group by group. After `stop`
   * the call in flight settles and no other begins: users that were not called get no outcome.
   */
  async *write(ids: Ids, stop: AbortSignal): AsyncGenerator<Outcome[]> {
    const left = ids[Symbol.iterator]();
    for (;;) {
      const { made, trouble, done } = await this.#callSome(left, stop);
      if (made.size > 0) {
        this.#writer.batches.count += 1;
        yield await this.#readBack(made).catch((error: unknown) => {
          throw trouble ? trouble.error : error;
        });
      }
      if (trouble) throw trouble.error;
      if (done) return;
    }
  }

  async #callSome(left: Iterator<string>, stop: AbortSignal): Promise<Calls> {
    const made = new Map<string, Call>();
    const until = performance.now() + GROUP_MS;
    while (made.size < GROUP && performance.now() < until) {
      const next = stop.aborted ? null : left.next();
      if (!next || next.done) return { made, trouble: null, done: true };
      try {
        made.set(next.value, await this.#call(next.value, stop));
      } catch (error) {
        // While the connection stays lost, a read-back would only wait for it once more.
        if (isSpent(error)) throw error;
        return { made, trouble: { error }, done: true };
      }
    }
    return { made, trouble: null, done: false };
  }

  /**
   * One user's call, sent until it is answered. Sent again after a lost connection, it waits for the one before and
   * then looks anew, so a call that got through is never repeated.
   */
  async #call(id: string, stop: AbortSignal): Promise<Call> {
    for (let timeouts = 1; ; timeouts += 1) {
      try {
        return await this.#server.retry(() => this.#callOnce(id));
      } catch (error) {
        const timedOut = sqlState(error) === '57014';
        const obstacle = isSpent(error) ? error.cause : error;
        if (!timedOut && !(isSpent(error) && classify(obstacle) === 'retry')) throw error;
        if (!timedOut || timeouts >= TIMEOUTS_OF_ONE || stop.aborted) {
          return { said: 'raised', fault: faultOf(obstacle) };
        }
        this.#writer.batches.retried += 1;
      }
    }
  }

  /** The turn is a statement of its own: the call then looks with a snapshot that has what the call before it wrote. */
  async #callOnce(id: string): Promise<Call> {
    try {
      const rows = await this.#server.atOnce(SETTINGS, [
        { settings: TURN, text: turnSql(this.#mapping, id) },
        { settings: CALL, text: callSql(this.#mapping, this.#repair, literal(id)) },
      ]);
      return { said: rows.length > 0 ? 'called' : 'passed over' };
    } catch (error) {
      if (!isOfTheCall(error)) throw error;
      return { said: 'raised', fault: faultOf(error) };
    }
  }

  async #readBack(made: ReadonlyMap<string, Call>): Promise<Outcome[]> {
    const standings = await this.#writer.stand([...made.keys()]);
    return standings.map((standing) => outcomeOf(standing, made.get(standing.id)));
  }
}

function isSpent(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'retry_budget_spent';
}

function outcomeOf({ id, standing }: Standing, call: Call | undefined): Outcome {
  switch (standing) {
    case 'present':
      return { id, kind: call?.said === 'called' ? 'inserted' : 'alreadyPresent' };
    case 'absent':
      return { id, kind: 'vanished' };
    case 'excluded':
      return { id, kind: 'excluded' };
    case 'missing':
      return call?.said === 'raised' ? { id, kind: 'failed', ...call.fault } : { id, kind: 'suppressed' };
  }
}
