import type { ClientBase } from 'pg';
import type { Finding } from '../facts.ts';
import { callSql } from '../sql/call.ts';
import type { Mapping } from '../sql/mapping.ts';
import { display, type Name } from '../sql/name.ts';
import { classify, sqlState } from './sqlstate.ts';

/**
 * Has PostgreSQL plan the call, which resolves the function and checks the right to execute it, and runs nothing. The
 * catalog has told most of this before; what it cannot tell (overloads, polymorphic arguments) is told here.
 */
export async function proveCall(client: ClientBase, mapping: Mapping, repair: Name): Promise<Finding | null> {
  await client.query('savepoint call');
  try {
    await client.query(`explain ${callSql(mapping, repair, '$1')}`, [null]);
    return null;
  } catch (error) {
    const finding = describe(error, repair);
    if (!finding) throw error;
    return finding;
  } finally {
    await client.query('rollback to savepoint call');
  }
}

/** The text of the server is quoted: no row was read, so it speaks of the configuration only. */
function describe(error: unknown, repair: Name): Finding | null {
  const state = sqlState(error);
  if (state === null || !(error instanceof Error) || classify(error) !== 'stop') return null;
  const name = display(repair);
  const finding = { about: 'repair', level: 'problem', verdict: 'failed' } as const;
  if (state === '42501') {
    const fact = `repair.function: this role may not call ${name}: ${error.message} (42501)`;
    const fix = `grant execute on function ${name}(uuid) to this role, and usage on its schema`;
    return { ...finding, code: 'function_denied', fact, fix };
  }
  const fact = `repair.function: ${name} cannot be called with one uuid: ${error.message} (${state})`;
  const fix = 'name a function with one argument of type uuid; others need defaults';
  return { ...finding, code: 'function_signature', fact, fix };
}
