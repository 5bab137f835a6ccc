import type { Logger } from 'pino';
import { ulidToUUID } from 'ulid';
import { Fault } from '../fault.ts';
import { heartbeat } from '../notify/ping.ts';
import { webUrl } from '../notify/web-url.ts';
import { type Asked, isFull } from '../reconcile/job.ts';
import { leftBy } from '../reconcile/left.ts';
import type { Report } from '../report.ts';
import type { Flags, WriteFlags } from './flags.ts';
import type { Terminal } from './terminal.ts';

const LIMIT_MS = 5000;

/** The signs of life of one run. */
export interface Pulse {
  /** The run has what it needs, the run lock included, and begins. */
  started(): void;
  ended(report: Report, code: number): Promise<void>;
}

const NONE: Pulse = { started: () => {}, ended: async () => {} };

/**
 * The pulse of a run, if there is a URL for it. Only a run over all users proves anything for the schedule; a dry run is a
 * person who looks, and a person who is asked may say no: they are silent. Throws a Fault that never has the URL in it.
 */
export function pulseOf(job: Asked, flags: Flags | WriteFlags, runId: string, log: Logger, terminal: Terminal): Pulse {
  const url = pingUrlOf(flags, terminal);
  if (url === null || !isFull(job) || job.dryRun || asksFirst(job, flags, terminal)) return NONE;
  const beat = heartbeat(url, {
    rid: ulidToUUID(runId).toLowerCase(),
    limitMs: LIMIT_MS,
    hurry: terminal.hurry,
    onFailure: (error) => log.warn({ code: codeOf(error) }, 'the ping URL was not reached'),
  });
  return {
    started: beat.started,
    // It began nothing, and the run that holds the lock speaks for itself: a start without an end would be an alarm.
    ended: (report, code) => (report.verdict === 'busy' ? Promise.resolve() : beat.ended(code, bodyOf(report, code))),
  };
}

function asksFirst({ command }: Asked, flags: Flags | WriteFlags, { interactive }: Terminal): boolean {
  return command === 'backfill' && interactive && !('yes' in flags && flags.yes);
}

function pingUrlOf({ pingUrl }: Flags, { env }: Terminal): URL | null {
  if (pingUrl !== undefined) return webUrl(pingUrl, '--ping-url', 'usage');
  return env.pingUrl === undefined ? null : webUrl(env.pingUrl, 'USERDRIFT_PING_URL');
}

/** Counts and codes: whoever reads it is somebody else. */
function bodyOf(report: Report, exit: number): string {
  const { verdict, reason, repair, durationMs, runId: run } = report;
  const { missing, stale } = leftBy(report);
  const { inserted, failed } = repair;
  return JSON.stringify({
    verdict,
    exit,
    reason: reason?.code ?? null,
    missing,
    stale,
    inserted,
    failed,
    durationMs,
    run,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Fault ? error.code : 'unexpected';
}
