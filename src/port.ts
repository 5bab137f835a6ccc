/** The interface between the job and a database. Two transports implement it; neither knows the job. */
import type { Facts, Finding } from './facts.ts';
import type { Ids } from './ids.ts';
import type { PastRun } from './past-run.ts';
import type { Note } from './report.ts';
import type { Mapping } from './sql/mapping.ts';
import type { Name } from './sql/name.ts';

/** Which users a run speaks of. Everything null: all of them. */
export interface Scope {
  /** created_at at or after this, ISO 8601; a NULL created_at is kept. */
  since: string | null;
  /** The share `index` of `count` of the uuid space, counted from 1. */
  shard: { index: number; count: number } | null;
}

/** Fixed by the first measure of a run and used by all that follows: server clock, ISO 8601. */
export interface Clock {
  /** Users created after this are in grace. */
  cutoff: string;
  /** A created_at after this is a fault of a clock, not a sign-up in grace. */
  future: string;
}

/** One look at both tables, in one statement and one snapshot. All numbers are within the scope. */
export interface Measure {
  clock: Clock;
  sourceTotal: number;
  /** Of the whole source, whatever the scope. */
  sourceEmpty: boolean;
  targetEmpty: boolean;
  missing: number;
  oldest: string | null;
  newest: string | null;
  excluded: { deleted: number; anonymous: number; sso: number; filtered: number; grace: number };
  /** null without `refresh`. */
  stale: number | null;
  /** null when not counted (a narrowed scope). */
  orphans: number | null;
  sample: string[];
  /** null: not asked for, as in the closing measure */
  breakdown: Breakdown | null;
}

/** The missing users by day of sign-up and by provider; each of the two adds up to `missing`. */
export interface Breakdown {
  /** UTC, `2026-11-16`, ascending; null: no sign-up time, or one that no calendar has */
  days: { day: string | null; missing: number }[];
  /** Known names and `sso`, `custom`, `other`, `unknown`; null: the source does not tell */
  providers: { provider: string; missing: number }[] | null;
}

export interface RowFault {
  /** SQLSTATE */
  code: string;
  constraint: string | null;
  column: string | null;
}

/** What became of one id that was handed to `write`. Each id gets exactly one. */
export type Outcome =
  | { id: string; kind: 'inserted' | 'alreadyPresent' | 'vanished' | 'excluded' | 'suppressed' }
  | ({ id: string; kind: 'failed' } & RowFault);

/** Where one user stands, asked by id. */
export interface Standing {
  id: string;
  standing: 'absent' | 'present' | 'missing' | 'excluded';
  why: 'deleted' | 'anonymous' | 'sso' | 'filtered' | null;
}

/** The run lock, held. */
export interface Lease {
  /** Aborts with a Fault as its reason when the lock was lost for good. */
  readonly lost: AbortSignal;
  /** What whoever holds it should know. */
  readonly note?: Note;
  release(): Promise<void>;
}

/** What a run will write with statements of its own: a policy must let it. */
export interface Writes {
  insert: boolean;
  update: boolean;
}

/** Names to look at, before anything is known of them. */
export interface Names {
  source: Name;
  /** null: not known yet */
  target: Name | null;
  key: string;
  writes: Writes;
  /** The repair function, where one writes the rows. */
  repair: Name | null;
}

/** A table and a column of it that may hold auth ids. */
export interface Candidate {
  target: Name;
  key: string;
  /** Has a foreign key to the source. */
  references: boolean;
  unique: boolean;
  /** The table makes the value up itself: it has a default or is an identity. */
  filled: boolean;
}

/** A way to reach a database. */
export interface Port {
  readonly transport: 'postgres' | 'http';
  readonly address: { host: string; database: string; user: string };
  /** What is odd about the way there. */
  readonly notes: readonly Note[];
  readonly batches: { count: number; retried: number; split: number };
  /** Tables that may be the target. */
  candidates(source: Name): Promise<Candidate[]>;
  inspect(names: Names): Promise<Facts>;
  /**
   * Takes the run lock; null: another run still holds it after `waitMs`. A lock that fell with its connection is taken
   * again and lost only to another run; with `end` it is lost at once.
   */
  lease(target: Name, scope: Scope, waitMs: number, onLoss?: 'retake' | 'end'): Promise<Lease | null>;
  /** The tables under a mapping that inspect has shown to fit. */
  bind(
    mapping: Mapping,
    options: { rowSecurity: boolean; graceMs: number; orphans: boolean; providers: boolean; writes: Writes },
  ): Tables;
  /**
   * Hands a run to the history; false: none is installed, or this role may not write to it. Tries once, and throws what came
   * in between.
   */
  record(run: PastRun, signal: AbortSignal): Promise<boolean>;
  /** The last runs of a target, or of all, the newest first; null: no history is installed. Throws a Fault. */
  pastRuns(limit: number, target: string | null): Promise<PastRun[] | null>;
  /** `now`: do not wait for statements in flight. */
  close(how: 'settle' | 'now'): Promise<void>;
}

/** What the job does with both tables. */
export interface Tables {
  /** Has the database judge what a check needs of the mapping; `write` all of it, the INSERT or the call planned, the SELECT run for one row. */
  prove(depth: 'read' | 'write'): Promise<Finding[]>;
  /** The first measure of a run passes no clock, fixes it and breaks the missing down; the later ones repeat the proof of sight. */
  measure(scope: Scope, clock?: Clock): Promise<Measure>;
  /**
   * Ids of eligible missing users in batches, ascending in each, in one stream or several: what one has handed out must be
   * settled before the next is asked for. No id comes twice, unless the server lost in a crash what was written. Holds no
   * snapshot while the consumer thinks.
   */
  missing(scope: Scope, clock: Clock, batchSize: number): Iterable<AsyncGenerator<Ids>>;
  /** Ids of stale users, ascending, in batches. */
  stale(scope: Scope, batchSize: number): AsyncGenerator<Ids>;
  /**
   * Writes the users and yields outcomes as they settle; a bad row is an outcome, only the end of the road throws. An
   * insert is settled to its last id; of calls of a repair function none begins after `stop`, and those users get no outcome.
   */
  write(ids: Ids, stop: AbortSignal): AsyncGenerator<Outcome[]>;
  /** Brings the refresh columns of these users up to date. */
  refresh(ids: Ids): AsyncGenerator<RefreshOutcome[]>;
  /** Where each of these users stands. */
  stand(ids: readonly string[]): Promise<Standing[]>;
  /** The statement that `write` sends per batch, or per user where it calls a function, for people to read. */
  statement(): string;
}

export type RefreshOutcome =
  | { id: string; kind: 'refreshed' | 'unchanged' }
  | ({ id: string; kind: 'failed' } & RowFault);
