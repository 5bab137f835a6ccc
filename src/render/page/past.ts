import type { PastRun } from '../../past-run.ts';
import { isGood } from '../../status.ts';

/** How a run came to its end: it did its work, it could not do it, or something held it back. */
export type Ending = 'done' | 'failed' | 'stopped';

const ENDINGS: Record<PastRun['verdict'], Ending> = {
  in_sync: 'done',
  repaired: 'done',
  drift: 'done',
  unrepaired: 'done',
  failed: 'failed',
  inconclusive: 'failed',
  refused: 'stopped',
  interrupted: 'stopped',
  busy: 'stopped',
};

/** A report that the exit code of its process belies is a failure. */
export function endingOf({ verdict, exitCode }: PastRun): Ending {
  return exitCode === 1 ? 'failed' : ENDINGS[verdict];
}

/** Was the run about users in general, and not about some that a person named? */
export function isAboutAll({ namedUsers }: PastRun): boolean {
  return namedUsers === null;
}

/** How many users were missing when the run had ended; null: it broke off after it had begun to write, or never counted. */
export function leftAfter({ residual, missing, inserted }: PastRun): number | null {
  if (residual !== null) return residual;
  return inserted === 0 ? missing : null;
}

/** How many rows were stale when the run had ended; null: not known. */
export function staleAfter({ residual, residualStale, stale }: PastRun): number | null {
  return residual === null ? stale : residualStale;
}

/** May the page say what this run says? That somebody is missing is true of any count, that nobody is only of a whole one. */
export function tells(run: PastRun): boolean {
  const left = leftAfter(run);
  if (left === null || !isAboutAll(run)) return false;
  return left > 0 || proves(run) || run.verdict === 'drift' || run.verdict === 'unrepaired';
}

/** Did the run prove that nobody is missing? */
export function proves(run: PastRun): boolean {
  const { full, since, shard, namedUsers } = run;
  return isGood({ ...run, scope: { full, since, shard, users: namedUsers === null ? null : [] } });
}

/** Milliseconds since 1970. */
export function startOf({ startedAt }: PastRun): number {
  return Date.parse(startedAt);
}

/** Milliseconds since 1970. */
export function endOf({ startedAt, durationMs }: PastRun): number {
  return Date.parse(startedAt) + durationMs;
}

/** Those about one target, the oldest first. */
export function inOrder(runs: readonly PastRun[], target: string | null): PastRun[] {
  return runs
    .filter((run) => target === null || run.target === target)
    .sort((a, b) => startOf(a) - startOf(b) || (a.runId < b.runId ? -1 : 1));
}
