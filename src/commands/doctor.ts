import { ulid } from 'ulid';
import { examine } from '../doctor/examine.ts';
import { renderExamination } from '../render/examination.ts';
import { renderJson } from '../render/json.ts';
import { troubleOf } from '../run/trouble.ts';
import type { DoctorFlags } from './flags.ts';
import { jobOf } from './job.ts';
import { openDatabase } from './open.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift doctor`: everything that a sync would stop at or stumble over, with its fix. */
export async function doctor(flags: DoctorFlags, terminal: Terminal): Promise<number> {
  const job = await jobOf('sync', { ...flags, ids: true, maxDrift: 0 });
  const log = await terminal.logger(flags.logLevel ?? 'warn');
  const examination = await examine(job, {
    toolVersion: terminal.version,
    open: () =>
      openDatabase(terminal.env, job, flags.transport, {
        runId: ulid(),
        concurrency: 1,
        signal: terminal.stop.signal,
        onRetry: ({ action, code }) => log.warn({ action, code }, 'trying again'),
      }),
    stop: terminal.stop.signal,
    trouble: (error) => log.debug(troubleOf(error), 'the examination stopped'),
  });
  const look = { ...terminal.look, again: job.again };
  terminal.out(flags.json ? renderJson(examination) : renderExamination(examination, look));
  return examination.exitCode;
}
