import type { Trouble } from '../../status.ts';

/** What is known of a run that left no document. */
export const TROUBLES: Record<Trouble, string> = {
  no_report: 'it ended without a report; the log has its last words',
  garbled: 'what it printed is no report',
  killed: 'it was killed, perhaps for want of memory',
  overdue: 'its time was up, and it was stopped',
  not_started: 'no process could be started',
};
