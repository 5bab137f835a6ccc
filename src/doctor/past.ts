import type { Facts, Finding } from '../facts.ts';
import { asFault } from '../fault.ts';
import { proves } from '../history/proof.ts';
import { accountsOf, inOrder, isLongAgo } from '../history/summary.ts';
import type { PastRun } from '../past-run.ts';
import type { Port } from '../port.ts';
import { fine, warning } from '../reconcile/findings/finding.ts';
import { ident } from '../sql/name.ts';

/** For a schedule of five minutes more than three days. */
const LOOKED_AT = 1000;
const INSTALL = 'userdrift sql history | psql "$DATABASE_URL"';
const DAY_MS = 86_400_000;

/** Are runs remembered, and how long ago did one prove something? `target` null: it is not known. */
export async function historyFindings(port: Port, { ours, role }: Facts, target: string | null): Promise<Finding[]> {
  if (ours?.history === null) return [absent()];
  const found = ours?.history?.records === false ? [closed(role.name)] : [];
  if (ours?.history?.reads === false || target === null) return found;
  try {
    const runs = await port.pastRuns(LOOKED_AT, target);
    return runs === null ? [absent()] : [...found, freshness(runs, Date.now())];
  } catch (error) {
    const { message, fix } = asFault(error);
    return [...found, warning('history', 'history_unread', message, fix)];
  }
}

/** Nothing is wrong without one. */
function absent(): Finding {
  return { ...fine('history', 'history_absent', 'no history is installed: past runs are forgotten'), fix: INSTALL };
}

function closed(role: string): Finding {
  const fact = `a history is installed, and role ${role} may not record its runs there`;
  const fix = `grant execute on function public.userdrift_record_run(jsonb) to ${ident(role)};`;
  return warning('history', 'history_closed', fact, fix);
}

/** How old the last proof is; `now` in milliseconds. */
export function freshness(runs: readonly PastRun[], now: number): Finding {
  const fix = 'see what the last runs came to, and that the schedule is alive: userdrift history';
  if (runs.length === 0)
    return fine('history', 'history', 'a history is installed; no run of this target is in it yet');
  const lastGoodAt = accountsOf(runs)[0]?.lastGoodAt ?? null;
  if (lastGoodAt === null) {
    const fact = `none of the last ${runs.length} runs has proved that nobody is missing`;
    return warning('history', 'history_stale', runs.length === 1 ? 'the one run so far has proved nothing' : fact, fix);
  }
  if (!isLongAgo(lastGoodAt, now)) {
    const what =
      leftByLastSuccess(runs) === 0 ? 'that nobody is missing' : 'that no more are missing than --max-drift allows';
    return fine('history', 'history', `a run of the last 24 hours has proved ${what}`);
  }
  const days = Math.floor((now - Date.parse(lastGoodAt)) / DAY_MS);
  return warning('history', 'history_stale', `no run has proved anything for ${days}d`, fix);
}

function leftByLastSuccess(runs: readonly PastRun[]): number {
  const last = inOrder(runs).findLast(proves);
  return last?.residual ?? last?.missing ?? 0;
}
