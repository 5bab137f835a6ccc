/** What may be said about a request: ids and codes. No field takes anything that a person typed. */
export interface Entry {
  event: 'synced' | 'refused' | 'not_configured' | 'internal';
  /** webhook or hook */
  caller?: string;
  user_id?: string;
  status?: string;
  code?: string;
  attempts?: number;
  ms?: number;
  /** a sentence of this function's own */
  message?: string;
}

export type Log = (level: 'info' | 'warn' | 'error', entry: Entry) => void;

/** One JSON object per line; the level is the console's, by which the dashboard filters. */
export const log: Log = (level, entry) => console[level](JSON.stringify({ level, ...entry }));
