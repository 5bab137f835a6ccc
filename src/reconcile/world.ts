import { Fault } from '../fault.ts';
import type { Port } from '../port.ts';
import { callsFunction, writes } from './job.ts';
import type { Ended, Run } from './report.ts';
import { orStopped } from './stop.ts';

/** What the job needs from the world around it. */
export interface World {
  toolVersion: string;
  runId: string;
  /** Opens the way to the database; throws a Fault where there is none. */
  open: () => Promise<Port>;
  /** Ends the run early with an Interruption or a Fault as its reason; batches in flight settle. */
  stop: AbortSignal;
  /** Ends it now: statements in flight are abandoned and their users unresolved. */
  hurry: AbortSignal;
  /** Asked before a backfill writes; false refuses it. */
  confirm?: ((plan: { host: string; target: string; rows: number }) => Promise<boolean>) | undefined;
  /** Told when the run has its connection, and the run lock if it takes one. */
  underway?: (() => void) | undefined;
  progress?: ((state: { done: number; total: number }) => void) | undefined;
  /** Told what went wrong, once, with its cause. */
  trouble?: ((error: unknown) => void) | undefined;
}

/** The way to the database, open while `work` runs. */
export async function withPort(run: Run, world: World, work: (port: Port) => Promise<Ended>): Promise<Ended> {
  const port = await opened(world.open, world.stop);
  const abandon = () => void port.close('now').catch(() => {});
  world.hurry.addEventListener('abort', abandon, { once: true });
  run.transport = port.transport;
  run.batches = port.batches;
  run.warnings.push(...port.notes);
  run.database = { host: port.address.host, name: port.address.database, user: port.address.user, serverVersion: null };
  try {
    return await work(port);
  } finally {
    world.hurry.removeEventListener('abort', abandon);
    // What had to settle has settled; a read that was cut off would keep its connection busy.
    await port.close(world.stop.aborted ? 'now' : 'settle').catch(() => {});
  }
}

/** Opens the way to the database, or rejects with the reason of the stop; what opens after that is closed again. */
export async function opened(open: World['open'], stop: AbortSignal): Promise<Port> {
  const opening = open();
  return orStopped(stop, opening).catch((error: unknown) => {
    opening.then((late) => late.close('now')).catch(() => {});
    throw error;
  });
}

/**
 * The run lock, held while `work` runs. `check` and `--dry-run` take none, nor does `--user`, unless a repair function
 * writes: its calls may have effects that no key keeps from happening twice, so without the lock they end.
 */
export async function withRunLock(
  run: Run,
  port: Port,
  world: World,
  work: (stop: AbortSignal) => Promise<Ended>,
): Promise<Ended> {
  const { job } = run;
  const calls = callsFunction(job);
  if (!writes(job) || (job.users && !calls)) return work(world.stop);
  const { config, scope, waitMs } = job;
  const lease = await orStopped(world.stop, port.lease(config.target, scope, waitMs, calls ? 'end' : 'retake'));
  if (!lease) {
    throw new Fault('busy', 'another run is writing to this target', {
      verdict: 'busy',
      fix: 'let it finish, or wait for it with --wait 5m',
    });
  }
  if (lease.note) run.warnings.push(lease.note);
  try {
    return await work(AbortSignal.any([world.stop, lease.lost]));
  } finally {
    await lease.release();
  }
}
