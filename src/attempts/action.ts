/**
 * What follows from an error: `retry` the same statement, `reconnect` and send it again (its outcome is unknown),
 * `halve` the batch, `stop` the run, or look for the `row` that is to blame.
 */
export type Action = 'retry' | 'reconnect' | 'halve' | 'stop' | 'row';

/** By SQLSTATE, else by its class (two characters), else `row`: bisecting finds out, and a bad guess costs statements only. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  '08': 'reconnect',
  // 0A and 42 are decided while the statement is planned, before any row is read: no smaller batch fares better.
  // That includes 428C9, a value for a column that is generated always.
  '0A': 'stop',
  '0L': 'stop',
  '0P': 'stop',
  '24': 'stop',
  '25': 'stop',
  '25P03': 'reconnect',
  '25P04': 'reconnect',
  '26': 'stop',
  '28': 'stop',
  '2B': 'stop',
  '2D': 'stop',
  '34': 'stop',
  '3D': 'stop',
  '3F': 'stop',
  '40': 'retry',
  '40002': 'row',
  '40003': 'reconnect',
  '42': 'stop',
  '53': 'stop',
  '53300': 'reconnect',
  // 54000 is also what an over-long index entry raises: a batch of one that still fails is a bad row.
  '54': 'halve',
  '55': 'stop',
  '55P03': 'retry',
  '57': 'reconnect',
  '57014': 'halve',
  '58': 'stop',
  '72': 'retry',
  F0: 'stop',
  XX: 'stop',
};

/** What to do about an error with this SQLSTATE that a statement of ours raised. */
export function actionOf(state: string): Action {
  return ACTIONS[state] ?? ACTIONS[state.slice(0, 2)] ?? 'row';
}

/** Worth another try or a smaller batch, whoever says it. */
export const PASSING: readonly string[] = ['40001', '40P01', '55P03', '57014'];

/**
 * Errors of a statement that was never planned before, as a trigger has them: a table or a function that only some rows
 * lead to is missing. It holds up its row and nobody else. A missing right (42501) holds up all.
 */
export const PLANNED = '^(0A|26|34|3F|42(?!501))';
