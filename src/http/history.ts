import { denied } from '../history/denied.ts';
import { documentOf } from '../history/document.ts';
import { runsIn } from '../history/rows.ts';
import type { PastRun } from '../past-run.ts';
import type { DataApi } from './data-api.ts';
import { Refusal } from './refusal.ts';

/** PostgREST and PostgreSQL: there is no such function. */
const ABSENT = new Set(['PGRST202', '42883']);
/** This key, or this server, takes no entry. */
const BARRED = new Set(['42501', '25006']);

/** Hands a run to the history, with no second attempt; false: there is none, or none for this key. */
export async function recordRun(api: DataApi, run: PastRun, signal: AbortSignal): Promise<boolean> {
  try {
    await api.once('userdrift_record_run', { report: documentOf(run) }, signal);
    return true;
  } catch (error) {
    if (isOneOf(error, ABSENT) || isOneOf(error, BARRED)) return false;
    throw error;
  }
}

/** The last runs, the newest first; null: there is no history. */
export async function readRuns(api: DataApi, limit: number, target: string | null): Promise<PastRun[] | null> {
  const args = { max_runs: limit, of_target: target };
  return api.ask('read the history', async () => {
    try {
      return runsIn(await api.once('userdrift_history', args));
    } catch (error) {
      if (isOneOf(error, ABSENT)) return null;
      throw isOneOf(error, BARRED) ? denied(error) : error;
    }
  });
}

function isOneOf(error: unknown, codes: ReadonlySet<string>): boolean {
  return error instanceof Refusal && error.code !== null && codes.has(error.code);
}
