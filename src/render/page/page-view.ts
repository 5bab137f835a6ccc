import type { Health, LineStatus, Status } from '../../status.ts';

/** Everything that the page tells of. */
export interface PageView {
  status: Status;
  health: Health;
  /** How old the last proof about what these lines look after may be, in milliseconds. */
  maxAgeMs: (lines: readonly LineStatus[]) => number;
  /** When a line runs next, ISO 8601; null: never. */
  next: (line: LineStatus) => string | null;
  /** ISO 8601 */
  now: string;
  version: string;
}
