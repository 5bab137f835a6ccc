/** What a look at the database finds: the catalog as far as it matters here, and what follows from it. */
import type { Level, Topic } from './examination.ts';

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
  /** Its function, in SQL or PL/pgSQL, sets no search_path: it has that of whoever fires it. */
  pathless: boolean;
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
  lacking: string[];
  /** Its function writes with the rights of a role who may not insert into the target: supabase_auth_admin, mostly. */
  invoker: boolean;
  /** Its function names something without a schema that its search_path does not have; left alone, that is `auth`. */
  pathless: boolean;
  /** What that is. */
  lost: string[];
  /** SQL that ends it, for the owner of the functions; null where nothing simple does. */
  cures: Record<'invoker' | 'pathless', string | null>;
  /** Does not name the target, but its function is in another language, or puts SQL together as it runs. */
  opaque: boolean;
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

export interface Relation {
  kind: 'table' | 'partitioned' | 'view' | 'materialized view' | 'foreign table' | 'other';
  columns: Column[];
  /** `forced`: the owner is filtered too */
  rls: 'off' | 'on' | 'forced';
  sight: Sight;
}

/** What preflight, doctor and init know of the database. */
export interface Facts {
  server: { version: string; database: string; inRecovery: boolean; readOnly: boolean };
  connection: {
    kind: 'direct' | 'session pooler' | 'transaction pooler' | 'unknown pooler' | 'data api';
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
  /** null: nobody tells, as functions of the Data API that an earlier userdrift made. */
  ours: Ours | null;
}

/** What userdrift has in the database besides what the job reads, and who gets at it. */
export interface Ours {
  /** null: `userdrift sql history` is not installed */
  history: {
    /** This role may record a run. */
    records: boolean;
    /** This role may read the past ones. */
    reads: boolean;
    /** Roles of the API that get at the table itself. */
    openTo: string[];
  } | null;
  /** Functions that anon or authenticated may call, with their arguments, and who of the two. */
  open: { function: string; roles: string[] }[];
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
