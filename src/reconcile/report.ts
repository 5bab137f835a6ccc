import { exitCodeOf, type Verdict } from '../exit-codes.ts';
import type { Facts } from '../facts.ts';
import type { Fault } from '../fault.ts';
import type { Measure } from '../port.ts';
import type { Note, Report, UserOutcome } from '../report.ts';
import { display, type Name } from '../sql/name.ts';
import { missingByTime } from './breakdown.ts';
import { causesOf } from './causes/causes.ts';
import { type Asked, isFull, type Job } from './job.ts';
import type { Interruption } from './stop.ts';
import { Tally } from './tally.ts';

/** What a run has learned so far. The report can be made of it at any moment. */
export class Run {
  readonly startedAt = new Date();
  readonly tally = new Tally();
  readonly warnings: Note[] = [];
  readonly id: string;
  asked: Asked;
  database: Report['database'] = { host: null, name: null, user: null, serverVersion: null };
  transport: Report['transport'] = 'postgres';
  batches: Report['batches'] = { count: 0, retried: 0, split: 0 };
  facts: Facts | null = null;
  measured: Measure | null = null;
  residual: Report['residual'] = { missing: null, stale: null, arrived: null, oldest: null };
  users: UserOutcome[] | null = null;
  statement: string | null = null;
  repairMs = 0;

  constructor(id: string, asked: Asked) {
    this.id = id;
    this.asked = asked;
  }

  /** The job, once its target is known. */
  get job(): Job {
    const { target } = this.asked.config;
    if (!target) throw new TypeError('the target is not known yet');
    return { ...this.asked, config: { ...this.asked.config, target } };
  }

  direct({ target, key }: { target: Name; key: string }): void {
    this.asked = { ...this.asked, config: { ...this.asked.config, target, key } };
  }

  see(facts: Facts): void {
    this.facts = facts;
    this.database = { ...this.database, name: facts.server.database, serverVersion: facts.server.version };
  }
}

export interface Ended {
  verdict: Verdict;
  reason?: Fault | Interruption | null;
}

/** The report of a run, whole or partial. */
export function reportOf(run: Run, { verdict, reason = null }: Ended, toolVersion: string): Report {
  const { asked: job, tally, measured } = run;
  const repair = tally.counts();
  return {
    version: 1,
    tool: { version: toolVersion },
    runId: run.id,
    command: job.command,
    transport: run.transport,
    dryRun: job.dryRun,
    scope: {
      full: isFull(job),
      since: job.scope.since,
      shard: job.scope.shard && `${job.scope.shard.index}/${job.scope.shard.count}`,
      users: job.users && [...job.users],
    },
    verdict,
    exitCode: verdict === 'busy' && job.busyOk ? 0 : exitCode(verdict, reason),
    reason: reason && noteOf(reason),
    startedAt: run.startedAt.toISOString(),
    durationMs: Math.max(0, Date.now() - run.startedAt.getTime()),
    database: run.database,
    source: { name: display(job.config.source), total: measured?.sourceTotal ?? null },
    target: job.config.target ? display(job.config.target) : '',
    drift: {
      missing: measured?.missing ?? null,
      stale: measured?.stale ?? null,
      orphans: measured?.orphans ?? null,
      oldest: measured?.oldest ?? null,
      newest: measured?.newest ?? null,
      missingByTime: measured?.breakdown ? missingByTime(measured.breakdown.days) : null,
      missingByProvider: measured?.breakdown?.providers ?? null,
    },
    graceMs: job.config.grace,
    excluded: measured?.excluded ?? { deleted: null, anonymous: null, sso: null, grace: null, filtered: null },
    repair,
    residual: run.residual,
    failures: tally.failures,
    failuresTotal: tally.failuresTotal,
    users: run.users,
    sample: measured?.sample ?? [],
    causes: causesFor(run),
    batches: { ...run.batches },
    rowsPerSecond: run.repairMs > 0 ? Math.round((repair.inserted + repair.refreshed) / (run.repairMs / 1000)) : null,
    statement: run.statement,
    warnings: run.warnings,
  };
}

/** The report without ids, for places where even an id is too much. */
export function withoutIds(report: Report): Report {
  return {
    ...report,
    scope: { ...report.scope, users: report.scope.users && [] },
    failures: report.failures.map((failure) => ({ ...failure, id: null })),
    users: report.users?.map((user) => ({ ...user, id: null })) ?? null,
    sample: [],
  };
}

/** Without anybody missing there is nothing to explain. */
function causesFor({ facts, measured, asked }: Run): Note[] {
  if (!facts || !measured?.missing) return [];
  return causesOf(facts, asked.config, measured.missing).map(({ code, fact, fix }) => ({ code, message: fact, fix }));
}

function exitCode(verdict: Verdict, reason: Fault | Interruption | null): number {
  return reason && 'signal' in reason && reason.signal === 'SIGTERM' ? 143 : exitCodeOf(verdict);
}

function noteOf(reason: Fault | Interruption): Note {
  if ('code' in reason) return { code: reason.code, message: reason.message, fix: reason.fix };
  return {
    code: 'interrupted',
    message: `${reason.message}; this report is partial`,
    fix: 'run it again: what is done stays done',
  };
}
