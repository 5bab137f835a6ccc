/** The interface between the job and a database. Two transports implement it; neither knows the job. */
import type { Level, Topic } from './examination.ts';
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

/** A fact about the database with what follows from it. `problem` stops the run with `verdict`. */
export interface Finding {
  about: Topic;
  level: Level;
  code: string;
  fact: string;
  fix: string | null;
  verdict?: 'failed' | 'inconclusive' | 'refused';
}

export interface Column {
  name: string;
  /** as the catalog prints it, with its modifier */
  type: string;
  /** the same without modifier, a domain resolved to the type below it */
  base: string;
  notNull: boolean;
  hasDefault: boolean;
  /** its SQL, every name in it qualified; null where there is none or the type brings it */
  default: string | null;
  identity: boolean;
  generated: boolean;
}

export interface Trigger {
  name: string;
  function: string;
  timing: 'before' | 'after' | 'instead';
  row: boolean;
  insert: boolean;
  update: boolean;
  enabled: boolean;
  /** Calls net.http_… or http_request, or lives in `net` or `supabase_functions`. */
  outward: boolean;
}

/**
 * A trigger on the table where sign-ups arrive, and what its function does. Names are as SQL writes them, quoted where
 * needed. Nothing of its source or its arguments is here.
 */
export interface SourceTrigger {
  name: string;
  /** schema-qualified; null: there is no such function any more */
  function: string | null;
  insert: boolean;
  update: boolean;
  /** Fires in an ordinary session. */
  enabled: boolean;
  /** Has a WHEN clause. */
  conditional: boolean;
  /** As for a trigger of the target. */
  outward: boolean;
  /** Runs supabase_functions.http_request: a database webhook of the dashboard. */
  stock: boolean;
  /** An outward one whose arguments or source hold an API key or an Authorization header. */
  secret: boolean;
  /** Its function names the target, or one does that it calls, at whatever depth. */
  mentions: boolean;
  /** Its function goes on after any error of the copy. */
  swallows: boolean;
  /** What its function names, schema-qualified, and does not exist, unless the function is prepared for that. */
  missing: string[];
  /** Columns that its function fills and the target does not have. */
  lacking?: string[];
  /** Its function writes with the rights of a role who may not insert into the target: supabase_auth_admin, mostly. */
  invoker: boolean;
  /** Its function names something without a schema that its search_path does not have; left alone, that is `auth`. */
  pathless: boolean;
  /** What that is. */
  lost?: string[];
  /** SQL that ends it, for the owner of the functions; null where nothing simple does. */
  cures?: Record<'invoker' | 'pathless', string | null>;
  /** Does not name the target, but its function is in another language, or puts SQL together as it runs. */
  opaque?: boolean;
  /** SQL that makes the trigger anew, enabled, for whoever has the right TRIGGER; null where nothing can. */
  remake: string | null;
}

/** What keeps a function from copying anybody. */
export type Defects = Pick<SourceTrigger, 'missing' | 'lacking' | 'invoker' | 'pathless' | 'lost' | 'cures'>;

/**
 * A trigger function that inserts into the target and that no trigger runs: its trigger was dropped or never made. All
 * that it takes from the new row are columns of the source.
 */
export interface Stray extends Defects {
  function: string;
}

/** The table where sign-ups arrive: the source, or auth.users behind a view. */
export interface SignUps {
  table: string;
  /** The current role may do what only its owner may. */
  owned: boolean;
  triggers: SourceTrigger[];
  strays: Stray[];
}

export interface Index {
  name: string;
  primary: boolean;
  unique: boolean;
  immediate: boolean;
  valid: boolean;
  partial: boolean;
  columns: string[];
}

/**
 * Can this connection read every row? `code` is the SQLSTATE of the refusal, `lacks` what would be granted: usage of the
 * schema, select on the relation, or the sight of all its rows.
 */
export type Sight =
  | { seen: true; through: 'role' | 'policy' }
  | { seen: false; code: string; lacks: 'schema' | 'select' | 'rows' };

/** What a run will write with statements of its own: a policy must let it. */
export interface Writes {
  insert: boolean;
  update: boolean;
}

export interface Relation {
  /** The catalog's own spelling, schema-qualified and quoted where needed. */
  name: string;
  kind: 'table' | 'partitioned' | 'view' | 'materialized view' | 'foreign table' | 'other';
  columns: Column[];
  /** `forced`: the owner is filtered too */
  rls: 'off' | 'on' | 'forced';
  /** The current role may do what only the owner of a table may. */
  owned: boolean;
  sight: Sight;
}

/** What preflight, doctor and init know of the database. */
export interface Facts {
  server: { version: string; versionNum: number; database: string; inRecovery: boolean; readOnly: boolean };
  connection: {
    kind: 'direct' | 'session pooler' | 'transaction pooler' | 'unknown pooler';
    mode: 'session' | 'transaction';
    /** `TLSv1.3`; null: in the clear */
    tls: string | null;
    /** Connections that the server has to give; null: it does not say. */
    freeConnections: number | null;
    /** The timeouts that this role starts with, in milliseconds; 0: none. */
    timeouts: Readonly<Record<'statement' | 'idleSession', number>>;
  };
  role: { name: string; superuser: boolean; bypassRls: boolean };
  /** `signUps`: null where the catalog would not tell */
  source: (Relation & { signUps: SignUps | null }) | null;
  target:
    | (Relation & {
        triggers: Trigger[];
        indexes: Index[];
        /** INSERT and UPDATE rules; the server takes no `on conflict` beside either. */
        rules: { name: string; event: 'INSERT' | 'UPDATE' }[];
        /** Columns that every unique index has to hold; empty where the table has no partitions. */
        partitionKey: string[];
        /** Sequences that defaults draw from and this role may not use. */
        closedSequences: string[];
        checks: string[];
        sourceForeignKeys: string[];
        fkToSource: boolean;
      })
    | null;
  key: { type: 'uuid' | 'text' | 'other'; sqlType: string; oddRows: boolean } | null;
  /** What is there under the name of the repair function; null where none is configured. */
  repairFunction: RepairFunction | null;
}

/** All functions of one name. */
export interface RepairFunction {
  /** schema-qualified, quoted where needed */
  name: string;
  overloads: {
    arguments: string;
    kind: 'function' | 'procedure' | 'other';
    /** May be called with one uuid and nothing else, as far as the catalog tells. */
    takesUuid: boolean;
    /** This role may execute it, its schema included. */
    executable: boolean;
    /** Declared volatile: the others may not write. */
    volatile: boolean;
    /** As for a trigger. */
    outward: boolean;
  }[];
}

/** The run lock, held. */
export interface Lease {
  /** Aborts with a Fault as its reason when the lock was lost for good. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
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
  /** `now`: do not wait for statements in flight. */
  close(how: 'settle' | 'now'): Promise<void>;
}

/** What the job does with both tables. */
export interface Tables {
  /** Has the database judge what a check needs of the mapping; `write` all of it, the INSERT or the call planned, the SELECT run for one row. */
  prove(depth: 'read' | 'write'): Promise<Finding[]>;
  /** The first measure of a run passes no clock, fixes it and breaks the missing down; the later ones repeat the proof of sight. */
  measure(scope: Scope, clock?: Clock): Promise<Measure>;
  /** Ids of eligible missing users, ascending, in batches. Holds no snapshot while the consumer thinks. */
  missing(scope: Scope, clock: Clock, batchSize: number): AsyncGenerator<string[]>;
  /** Ids of stale users, ascending, in batches. */
  stale(scope: Scope, batchSize: number): AsyncGenerator<string[]>;
  /**
   * Writes the users and yields outcomes as they settle; a bad row is an outcome, only the end of the road throws. An
   * insert is settled to its last id; of calls of a repair function none begins after `stop`, and those users get no outcome.
   */
  write(ids: readonly string[], stop: AbortSignal): AsyncGenerator<Outcome[]>;
  /** Brings the refresh columns of these users up to date. */
  refresh(ids: readonly string[]): AsyncGenerator<RefreshOutcome[]>;
  /** Where each of these users stands. */
  stand(ids: readonly string[]): Promise<Standing[]>;
  /** The statement that `write` sends per batch, or per user where it calls a function, for people to read. */
  statement(): string;
}

export type RefreshOutcome =
  | { id: string; kind: 'refreshed' | 'unchanged' }
  | ({ id: string; kind: 'failed' } & RowFault);
