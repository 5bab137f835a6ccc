import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { pastRunOf } from '../past-run.ts';
import type { Port } from '../port.ts';
import type { Report } from '../report.ts';
import type { Run } from './report.ts';
import type { World } from './world.ts';

/** Whoever stopped the run is waiting for its end. */
const LIMIT_MS = 3000;

/**
 * Hands the run to the history of the database, where there is one. Never throws and changes nothing about the run: an
 * entry that fails is told once. A run that hurries leaves none.
 */
export async function remember(run: Run, report: Report, port: Port, world: World): Promise<void> {
  if (world.hurry.aborted || !mayBeKept(run, report)) return;
  const over = new AbortController();
  const tooLate = new Fault('history_late', `no answer within ${LIMIT_MS / 1000} s`);
  const late = sleep(LIMIT_MS, undefined, { signal: over.signal }).then(() => {
    throw tooLate;
  });
  const hurried = new Promise<void>((resolve) => {
    world.hurry.addEventListener('abort', () => resolve(), { signal: over.signal });
  });
  const entry = port.record(pastRunOf(report), over.signal);
  try {
    await Promise.race([entry, hurried, late]);
  } catch (error) {
    world.unrecorded?.(error);
    // Closed in good order, the way to the database would be waited for once more.
    if (error === tooLate) await port.close('now').catch(() => {});
  } finally {
    over.abort();
  }
}

/**
 * As far as the run has seen. One that ended before it looked, such as a busy one, finds out by recording; over HTTP nothing
 * comes before the look, so that what failed there would fail again.
 */
function mayBeKept({ facts }: Run, { target, transport }: Report): boolean {
  if (target === '') return false;
  if (!facts) return transport === 'postgres';
  return !facts.server.inRecovery && (facts.ours === null || facts.ours.history?.records === true);
}
