import type { Port } from '../port.ts';
import type { PostgresOptions } from '../postgres/port.ts';
import type { Asked } from '../reconcile/job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { World } from '../reconcile/world.ts';
import type { Report } from '../report.ts';
import type { Log } from './log.ts';
import { codeOf, troubleOf } from './trouble.ts';

/** The world of a run, with a log in place of its single events. */
export interface Surroundings extends Omit<World, 'open' | 'trouble' | 'unrecorded'> {
  log: Log;
  open: (options: PostgresOptions) => Promise<Port>;
}

/** Runs one job and logs what came of it. Never throws: what goes wrong is the verdict. */
export async function runLogged(job: Asked, { log, open, ...world }: Surroundings): Promise<Report> {
  const report = await reconcile(job, {
    ...world,
    open: () =>
      open({
        runId: world.runId,
        concurrency: job.concurrency,
        givesWay: job.givesWay,
        onPace: (givesWay) =>
          log.info({ givesWay }, givesWay ? 'writing slowly: people are logging in' : 'writing at full speed again'),
        signal: world.stop,
        onRetry: ({ action, code }) => log.warn({ action, code }, 'trying again'),
      }),
    unrecorded: (error) => log.warn({ code: codeOf(error) }, 'the run was not recorded in the history'),
    trouble: (error) => log.debug(troubleOf(error), 'the run stopped'),
  });
  log.info(summaryOf(report), 'run ended');
  return report;
}

function summaryOf({ verdict, exitCode, reason, durationMs, drift, repair, residual }: Report): object {
  return { verdict, exitCode, reason: reason?.code ?? null, durationMs, drift, repair, residual };
}
