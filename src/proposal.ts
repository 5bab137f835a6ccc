/** What `userdrift init` proposes, for whoever shows it. Names and code of the app only: no row is quoted. */
export interface Proposal {
  database: { host: string | null; name: string | null; user: string | null; serverVersion: string | null };
  source: string;
  target: string;
  key: string;
  /** What speaks for the table; empty where a person named it. */
  reasons: string[];
  /** Other tables that could be meant. */
  others: { target: string; key: string; reasons: string[] }[];
  columns: PlannedColumn[];
  code: ShownCode[];
  /** What a sync will warn of or stop at. */
  remarks: { level: 'warning' | 'problem'; fact: string; fix: string | null }[];
}

/** Where the value of one column comes from. */
export interface PlannedColumn {
  name: string;
  type: string;
  /** `open`: it must have a value, and nothing gives one; only a person knows. */
  plan: 'key' | 'mapped' | 'left' | 'open';
  /** SQL over `u`; null: nothing is written, or it is the key */
  expression: string | null;
  why: string;
  /** The expression was taken over from a function of the app. */
  taken: boolean;
  /** What the function that it was taken from writes there in its own words, where that differs; else null. */
  trigger: string | null;
  /** Of an open column: an expression to start from, or a placeholder. */
  suggestion: string | null;
}

/** A function of the app that fills the table when somebody signs up. */
export interface ShownCode {
  /** null: no trigger runs it */
  trigger: string | null;
  function: string;
  /** Without what may be a key, and not longer than a screen. */
  lines: string[];
  /** Why its values were not taken over; null: they were. */
  unread: string | null;
}

/** What happens to one file. `patch`: the lines of a unified diff, for one that is there already and differs. */
export interface FileChange {
  /** below the directory, with slashes */
  path: string;
  state: 'new' | 'changed' | 'unchanged';
  text: string;
  patch: string[];
  /** What it is for. */
  what: string;
}
