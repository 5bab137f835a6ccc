import { denied } from '../history/denied.ts';
import { documentOf } from '../history/document.ts';
import { runsIn } from '../history/rows.ts';
import type { PastRun } from '../past-run.ts';
import { literal } from '../sql/name.ts';
import type { Server } from './server.ts';
import { sqlState } from './sqlstate.ts';

/** Who waits for the end of a run should not wait for its entry. */
const BRIEF = { statement_timeout: '2s', lock_timeout: '2s' };

/** There is no such function, and no such schema. */
const ABSENT = new Set(['42883', '3F000']);
/** This role, or this session of it, may not write there. */
const BARRED = new Set(['42501', '25006']);

/** Hands a run to the history, in one round trip and with no second attempt; false: there is none, or none for this role. */
export async function recordRun(server: Server, run: PastRun): Promise<boolean> {
  const document = literal(JSON.stringify(documentOf(run)));
  const text = `select public.userdrift_record_run(${document}::pg_catalog.jsonb)`;
  try {
    await server.atOnce(BRIEF, [{ settings: BRIEF, text }]);
    return true;
  } catch (error) {
    const state = sqlState(error) ?? '';
    if (ABSENT.has(state) || BARRED.has(state)) return false;
    throw error;
  }
}

/** The last runs, the newest first; null: there is no history. */
export async function readRuns(server: Server, limit: number, target: string | null): Promise<PastRun[] | null> {
  try {
    return await server.read({ statement_timeout: '30s', search_path: '' }, async (client) => {
      const text = 'select public.userdrift_history($1, $2) as runs';
      const { rows } = await client.query<{ runs: unknown }>(text, [limit, target]);
      return runsIn(rows[0]?.runs);
    });
  } catch (error) {
    const state = sqlState(error) ?? '';
    if (ABSENT.has(state)) return null;
    throw state === '42501' ? denied(error) : error;
  }
}
