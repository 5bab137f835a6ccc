import { performance } from 'node:perf_hooks';
import { asFault, Fault } from '../fault.ts';
import type { Clock, Measure, Port, Tables } from '../port.ts';
import type { Report } from '../report.ts';
import { aimOf } from './discover.ts';
import { guard } from './guard.ts';
import { type Asked, callsFunction, type Job, writes } from './job.ts';
import { lookAt, measureOfNamed, repairNamed, stillMissing, takenBack } from './named-users.ts';
import { preflight } from './preflight.ts';
import { remember } from './remember.ts';
import { repair } from './repair.ts';
import { type Ended, Run, reportOf } from './report.ts';
import { Interruption, orStopped } from './stop.ts';
import type { Tally } from './tally.ts';
import { verdictOf } from './verdict.ts';
import { type World, withPort, withRunLock } from './world.ts';

/** Runs one job and reports on it. Never throws: what goes wrong is the verdict. */
export async function reconcile(asked: Asked, world: World): Promise<Report> {
  const run = new Run(world.runId, asked);
  const told = (ended: Ended) => reportOf(run, ended, world.toolVersion);
  const explained = (error: unknown) => explain(error, world);
  return withPort(run, world, async (port) => {
    const report = told(await perform(run, port, world).catch(explained));
    await remember(run, report, port, world);
    return report;
  }).catch((error: unknown) => told(explained(error)));
}

async function perform(run: Run, port: Port, world: World): Promise<Ended> {
  await findTarget(run, port, world);
  return withRunLock(run, port, world, async (stop) => {
    world.underway?.();
    const flight = await orStopped(
      stop,
      preflight(port, run.job, (facts) => run.see(facts)),
    );
    run.warnings.push(...flight.warnings);
    const step: Step = { run, world, stop, tables: flight.tables };
    if (run.job.users) return reconcileNamed(step, run.job.users);
    const measured = await measureDrift(step);
    const refused = guard(measured, run.job, flight.facts);
    if (refused) throw refused;
    if (!writes(run.job) || isNothing(measured)) return conclude(step, measured, measured);
    await askFirst(step, measured);
    const braked = await repairDrift(step, measured);
    const closing = await verify(step, measured);
    if (braked) throw braked;
    return conclude(step, measured, closing);
  });
}

async function findTarget(run: Run, port: Port, world: World): Promise<void> {
  const { config, keyGiven } = run.asked;
  if (config.target && keyGiven) return;
  const candidates = await orStopped(world.stop, port.candidates(config.source));
  run.direct(aimOf(run.asked, candidates, run.asked.command));
}

interface Step {
  run: Run;
  world: World;
  stop: AbortSignal;
  tables: Tables;
}

async function measureDrift({ run, stop, tables }: Step): Promise<Measure> {
  const measured = await orStopped(stop, tables.measure(run.job.scope));
  const orphans = run.facts?.target?.fkToSource ? 0 : measured.orphans;
  run.measured = { ...measured, orphans };
  if (measured.sourceEmpty && measured.targetEmpty) {
    run.warnings.push({
      code: 'both_empty',
      message: 'both tables are empty',
      fix: 'check that this is the right project',
    });
  }
  if (run.job.dryRun) run.statement = tables.statement();
  setResidual(run, measured);
  return run.measured;
}

/** Then the first measure is the closing one as well: nothing was written that it could have missed. */
function isNothing({ missing, stale }: Measure): boolean {
  return missing === 0 && !stale;
}

function setResidual(run: Run, { missing, stale, excluded, oldest }: Measure): void {
  run.residual = { missing, stale: stale ?? 0, arrived: excluded.grace, oldest };
}

async function askFirst({ run, world }: Step, measured: Measure): Promise<void> {
  const rows = measured.missing + (measured.stale ?? 0);
  if (rows === 0 || run.job.command !== 'backfill' || !world.confirm) return;
  const plan = { host: run.database.host ?? '', target: reportOf(run, { verdict: 'in_sync' }, '').target, rows };
  if (await world.confirm(plan)) return;
  throw new Fault('declined', 'the backfill was declined', { verdict: 'refused', fix: 'answer yes, or pass --yes' });
}

/** Never more writers than the server has connections to give, one of them left for others. */
function writersFor({ job, facts }: Run): number {
  const free = facts?.connection.freeConnections ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(job.concurrency, free - 1));
}

/** Users are called for one by one, each in a round trip of its own: small batches give every writer its share. */
const CALLS = 20;

function batchSizeOf(job: Job): number {
  return callsFunction(job) ? Math.min(job.batchSize, CALLS) : job.batchSize;
}

/** A function may write other values than those that the mapping keeps equal. */
function mayBeStale(job: Job, tally: Tally): boolean {
  return callsFunction(job) && job.config.refresh.length > 0 && tally.counts().inserted > 0;
}

/** Returns the Fault of a brake, after which the database is fit to be asked once more; other trouble is thrown. */
async function repairDrift(step: Step, measured: Measure): Promise<Fault | null> {
  const { run, world } = step;
  run.residual = { missing: null, stale: null, arrived: null, oldest: null };
  const total = measured.missing + (measured.stale ?? 0);
  const progress = () => world.progress?.({ done: Math.min(run.tally.settled, total), total });
  const started = performance.now();
  if (total > 0) progress();
  try {
    if (measured.missing > 0) await writeMissing(step, measured.clock, progress);
    if (measured.stale || mayBeStale(run.job, run.tally)) await refreshStale(step, progress);
    return null;
  } catch (error) {
    if (error instanceof Fault && ['systemic_failure', 'failures_limit'].includes(error.code)) return error;
    throw error;
  } finally {
    run.repairMs = total > 0 ? performance.now() - started : 0;
  }
}

async function writeMissing(step: Step, clock: Clock, progress: () => void): Promise<void> {
  const { tables, run } = step;
  const { job, tally } = run;
  for (const ids of tables.missing(job.scope, clock, batchSizeOf(job))) {
    await repair({
      ...boundsOf(step),
      progress,
      ids,
      write: (batch, stop) => {
        tally.scan(batch.length);
        return tables.write(batch, stop);
      },
      settle: (outcomes) => (callsFunction(job) ? tally.settleCalls(outcomes) : tally.settle(outcomes)),
    });
  }
}

function refreshStale(step: Step, progress: () => void): Promise<void> {
  const { tables, run } = step;
  return repair({
    ...boundsOf(step),
    progress,
    ids: tables.stale(run.job.scope, run.job.batchSize),
    write: (ids) => tables.refresh(ids),
    settle: (outcomes) => run.tally.settleRefresh(outcomes),
  });
}

function boundsOf({ run, stop }: Step) {
  return { tally: run.tally, concurrency: writersFor(run), failures: run.job.limits.failures, stop };
}

async function verify({ run, stop, tables }: Step, measured: Measure): Promise<Measure> {
  const closing = await orStopped(stop, tables.measure(run.job.scope, measured.clock));
  setResidual(run, closing);
  return closing;
}

function conclude({ run: { job } }: Step, measured: Measure, closing: Measure): Ended {
  const verdict = verdictOf({
    command: job.command,
    dryRun: job.dryRun,
    maxDrift: job.maxDrift,
    failOn: job.failOn,
    drift: { missing: measured.missing, stale: measured.stale ?? 0 },
    residual: { missing: closing.missing, stale: closing.stale ?? 0 },
  });
  return { verdict };
}

async function reconcileNamed(step: Step, ids: readonly string[]): Promise<Ended> {
  const { run, tables, stop } = step;
  const seen = await orStopped(stop, lookAt(tables, ids));
  const missing = seen.filter(({ outcome }) => outcome === 'missing').length;
  const write = writes(run.job) && missing > 0;
  if (run.job.dryRun) run.statement = tables.statement();
  run.users = seen;
  run.measured = measureOfNamed(seen);
  const named = { ...run.job, limits: { ...run.job.limits, share: null } };
  const refused = run.facts && guard(run.measured, named, run.facts);
  if (refused) throw refused;
  if (write) run.users = await repairNamed(tables, seen, run.tally, stop);
  const left = write ? await orStopped(stop, stillMissing(tables, ids)) : null;
  // A deferred trigger can take a row back at the very end.
  if (left) run.users = run.users.map((user) => takenBack(user, left));
  const residual = left?.size ?? missing;
  run.residual = { missing: residual, stale: null, arrived: null, oldest: null };
  if (run.users.some(({ outcome }) => outcome === 'no_such_user')) {
    throw new Fault('no_such_user', 'a user that was named does not exist', { fix: 'check the id in auth.users' });
  }
  const { command, dryRun, maxDrift, failOn } = run.job;
  const drift = { missing, stale: 0 };
  return {
    verdict: verdictOf({ command, dryRun, maxDrift, failOn, drift, residual: { missing: residual, stale: 0 } }),
  };
}

function explain(error: unknown, world: World): Ended {
  if (world.stop.aborted && world.stop.reason instanceof Interruption) {
    return { verdict: 'interrupted', reason: world.stop.reason };
  }
  const fault = asFault(world.stop.aborted ? world.stop.reason : error);
  world.trouble?.(error);
  return { verdict: fault.verdict === 'usage' ? 'failed' : fault.verdict, reason: fault };
}
