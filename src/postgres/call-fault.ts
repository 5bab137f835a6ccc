import { classify, poolerTrouble, sqlState } from './sqlstate.ts';
import { isRefusedStatement } from './transaction.ts';

/** Read-only, not let in, out of resources, trouble of the machine, damaged data: no other user would fare better. */
const OF_THE_SERVER = /^(25006|28|53|58|XX001|XX002)/;

/**
 * Did this error arise inside the repair function, so that it speaks of one user or of the function? The call was
 * planned before, so 42703 or 0A000 is the function's own, and so is an 08006 of a server that it talks to. What may
 * pass (a deadlock, a timeout) is no verdict yet.
 */
export function isOfTheCall(error: unknown): boolean {
  if (!isRefusedStatement(error) || poolerTrouble(error) !== null) return false;
  const action = classify(error);
  if (action === 'row') return true;
  const state = sqlState(error) ?? '';
  return action !== 'retry' && state !== '57014' && !OF_THE_SERVER.test(state);
}
