import { ulid } from 'ulid';
import type { Asked, Command } from '../reconcile/job.ts';
import { withoutIds } from '../reconcile/report.ts';
import { Interruption } from '../reconcile/stop.ts';
import type { Report } from '../report.ts';
import { startDeadline } from '../run/deadline.ts';
import { open, refuseOverHttp } from '../run/open.ts';
import { plan } from '../run/plan.ts';
import { runLogged } from '../run/run.ts';
import { versionOfPackage } from '../version.ts';
import { tolerant, tolerantLog } from './callbacks.ts';
import { wayOf } from './connection.ts';
import type { BackfillOptions, CheckOptions, SyncOptions } from './options.ts';
import { parseOptions } from './parse.ts';

/**
 * Runs one check, sync or backfill and resolves with its report: whatever goes wrong during the run is its verdict. Rejects
 * with a Fault for what is wrong before it, such as an option. Prints nothing and leaves the process alone.
 */
export function reconcile(command: 'check', options: CheckOptions): Promise<Report>;
export function reconcile(command: 'sync', options: SyncOptions): Promise<Report>;
export function reconcile(command: 'backfill', options: BackfillOptions): Promise<Report>;
export async function reconcile(
  command: Command,
  options: CheckOptions | SyncOptions | BackfillOptions,
): Promise<Report> {
  const { connection, config, users, deadline, signal, hurry, log, onProgress, ids, ...orders } = parseOptions(
    command,
    options,
  );
  const way = wayOf(connection);
  const job: Asked = { ...plan(command, config, { ...orders, user: users && [...new Set(users)] }), again: '' };
  if (way.transport === 'http') refuseOverHttp(job);
  const stop = new AbortController();
  const letGo = follow(signal, stop);
  const callOff = startDeadline(deadline, stop);
  try {
    const report = await runLogged(job, {
      toolVersion: versionOfPackage(),
      runId: ulid(),
      log: tolerantLog(log),
      open: (port) => open(way, job, port),
      stop: stop.signal,
      hurry: hurry ?? new AbortController().signal,
      progress: onProgress && tolerant(onProgress),
    });
    return ids ? report : withoutIds(report);
  } finally {
    callOff();
    letGo();
  }
}

/** Aborts `stop` with the signal, for a reason that the job knows. Returns what ends that. */
function follow(signal: AbortSignal | undefined, stop: AbortController): () => void {
  const abort = () => stop.abort(new Interruption('caller'));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  return () => signal?.removeEventListener('abort', abort);
}
