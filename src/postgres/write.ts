import { Groups } from '../attempts/groups.ts';
import { Fault } from '../fault.ts';
import type { Ids } from '../ids.ts';
import type { Outcome, RefreshOutcome, RowFault, Standing } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import { literal } from '../sql/name.ts';
import { insertAtOnceSql, insertPlacedSql, refreshAtOnceSql, standingSql } from '../sql/write.ts';
import { explained, type StandingRow, standingOf } from '../standing.ts';
import type { Server, Statement } from './server.ts';
import { classify, faultOf, isSourceForeignKey } from './sqlstate.ts';

/** Some of them have a row by now, or a unique column of theirs is taken. */
const TAKEN = '23505';
/** How often a single id may run into a timeout before it counts as failed. */
const TIMEOUTS_OF_ONE = 3;

export interface Batches {
  count: number;
  retried: number;
  split: number;
}

/** Of what is done, `ids` are those that were sent, the very thing, where all of them came back in order. */
type Attempt = { kind: 'done'; ids: Ids } | { kind: 'rejected'; fault: RowFault };

/** Writes batches of users: one statement each, split where a row is bad, read back where the counts differ. */
export class Writer {
  readonly #server: Server;
  readonly #mapping: Mapping;
  readonly #rowSecurity: boolean;
  readonly #sourceForeignKeys: ReadonlySet<string>;
  readonly batches: Batches;
  readonly #groups: Groups;

  constructor(
    server: Server,
    mapping: Mapping,
    options: { rowSecurity: boolean; sourceForeignKeys: readonly string[]; batches: Batches },
  ) {
    this.#server = server;
    this.#mapping = mapping;
    this.#rowSecurity = options.rowSecurity;
    this.#sourceForeignKeys = new Set(options.sourceForeignKeys);
    this.batches = options.batches;
    this.#groups = new Groups(() => {
      this.batches.split += 1;
    });
  }

  /**
   * Inserts; yields the outcomes of each group as it settles, every id once. Where the rows of the users lie may be known, as
   * text of an array of places; who is not found there any more is looked up by id.
   */
  async *insert(ids: Ids, places: string | null = null): AsyncGenerator<Outcome[]> {
    this.batches.count += 1;
    const statement = { name: 'insert', text: insertAtOnceSql(this.#mapping), more: [] };
    const whole = places === null ? null : await this.#insertPlaced(ids, places);
    if (whole?.kind === 'done') yield asInserted(whole.ids);
    const left = whole?.kind === 'done' ? without(ids, whole.ids) : [...ids];
    yield* this.#groups.each(left, async (group) => {
      const known =
        whole?.kind === 'rejected' && whole.fault.code !== TAKEN && group.length === ids.length ? whole : null;
      const attempt = known ?? (await this.#attempt(statement, group));
      if (attempt.kind === 'done') return this.#settle(statement, group, attempt.ids);
      return group.length > 1 ? null : this.#blame(group, attempt.fault);
    });
  }

  async #insertPlaced(ids: Ids, places: string): Promise<Attempt> {
    const statement = { name: 'insert placed', text: insertPlacedSql(this.#mapping), more: [places] };
    const attempt = await this.#attempt(statement, ids);
    if (attempt.kind === 'done') refuseRewrittenKeys(ids, attempt.ids);
    return attempt;
  }

  /** Updates the refresh columns; yields the outcomes of each group as it settles, every id once. */
  async *refresh(ids: Ids): AsyncGenerator<RefreshOutcome[]> {
    this.batches.count += 1;
    const statement = { name: 'refresh', text: refreshAtOnceSql(this.#mapping), more: [] };
    yield* this.#groups.each([...ids], async (group): Promise<RefreshOutcome[] | null> => {
      const attempt = await this.#attempt(statement, group);
      if (attempt.kind === 'rejected') {
        return group.length > 1 ? null : group.map((id) => ({ id, kind: 'failed', ...attempt.fault }));
      }
      const updated = new Set(attempt.ids);
      return group.map((id) => ({ id, kind: updated.has(id) ? 'refreshed' : 'unchanged' }));
    });
  }

  /** Where these users stand now. */
  async stand(ids: readonly string[]): Promise<Standing[]> {
    const settings = {
      transaction_read_only: 'on',
      statement_timeout: '15s',
      lock_timeout: '5s',
      row_security: this.#rowSecurity ? 'on' : 'off',
      search_path: '',
    };
    const text = standingSql(this.#mapping, `${literal(`{${ids.join()}}`)}::uuid[]`);
    const rows = await this.#server.retry(() => this.#server.atOnce<StandingRow>(settings, [{ settings: {}, text }]));
    return rows.map(standingOf);
  }

  /** One statement, sent until it is answered; what a row is to blame for comes back as data. */
  async #attempt(statement: Statement, group: Ids): Promise<Attempt> {
    let orphaned = 0;
    let timeouts = 0;
    for (;;) {
      try {
        const ids = await this.#server.retry(() => this.#server.writeOnce(statement, group, this.#rowSecurity));
        return { kind: 'done', ids };
      } catch (error) {
        const action = classify(error);
        if (isSourceForeignKey(error, this.#sourceForeignKeys) && orphaned++ === 0) this.batches.retried += 1;
        else if (action === 'row') return { kind: 'rejected', fault: faultOf(error) };
        else if (action !== 'halve') throw error;
        else if (group.length > 1 || ++timeouts >= TIMEOUTS_OF_ONE) {
          this.#groups.tooSlow(group.length);
          return { kind: 'rejected', fault: faultOf(error) };
        }
      }
    }
  }

  /** Names the ids that did not come back; one that nothing explains is sent again, alone. */
  async #settle(statement: Statement, group: readonly string[], inserted: Ids): Promise<Outcome[]> {
    const outcomes = asInserted(inserted);
    refuseRewrittenKeys(group, inserted);
    if (inserted.length === group.length) return outcomes;
    for (const standing of await this.stand(without(group, inserted))) {
      outcomes.push(explained(standing) ?? (await this.#sendAlone(statement, standing.id)));
    }
    return outcomes;
  }

  async #sendAlone(statement: Statement, id: string): Promise<Outcome> {
    const attempt = await this.#attempt(statement, [id]);
    if (attempt.kind === 'done') refuseRewrittenKeys([id], attempt.ids);
    if (attempt.kind === 'done' && attempt.ids.length > 0) return { id, kind: 'inserted' };
    const [standing] = await this.stand([id]);
    const known = standing && explained(standing);
    if (known) return known;
    return attempt.kind === 'rejected' ? { id, kind: 'failed', ...attempt.fault } : { id, kind: 'suppressed' };
  }

  /** A rejected single id is read again first: 23505 is also what a concurrent insert of the same user raises. */
  async #blame(group: readonly string[], fault: RowFault): Promise<Outcome[]> {
    const standings = await this.stand(group);
    return standings.map((standing) => explained(standing) ?? { id: standing.id, kind: 'failed', ...fault });
  }
}

function asInserted(ids: Ids): Outcome[] {
  return Array.from(ids, (id) => ({ id, kind: 'inserted' }));
}

function without(ids: Ids, some: Ids): readonly string[] {
  if (ids === some) return [];
  const out = new Set(some);
  return [...ids].filter((id) => !out.has(id));
}

/** Each further try would insert one more row that belongs to nobody. */
function refuseRewrittenKeys(group: Ids, inserted: Ids): void {
  if (inserted === group) return;
  const sent = new Set(group);
  if ([...inserted].every((id) => sent.has(id))) return;
  throw new Fault('key_rewritten', 'a trigger on the target changed the key of the rows that were inserted', {
    fix: 'let the trigger leave the key alone; rows with a made-up key are now in the target',
  });
}
