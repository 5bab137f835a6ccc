import { ulid } from 'ulid';
import type { Config } from '../config/schema.ts';
import { Fault } from '../fault.ts';
import { proposalOf } from '../init/proposal-of.ts';
import { study } from '../init/study.ts';
import type { Postgres } from '../postgres/port.ts';
import type { Proposal } from '../proposal.ts';
import type { Asked, Job } from '../reconcile/job.ts';
import { orStopped } from '../reconcile/stop.ts';
import { renderProposal, renderRemarks } from '../render/proposal.ts';
import { display } from '../sql/name.ts';
import { answered, openIn, refuseUnknown } from './init-columns.ts';
import type { InitFlags } from './init-flags.ts';
import { aimed, outlook } from './init-target.ts';
import { openServer } from './open.ts';
import type { Terminal } from './terminal.ts';

/** Looks, asks what only a person can know, and shows the proposal. */
export async function propose(
  asked: Asked,
  read: Config,
  flags: InitFlags,
  terminal: Terminal,
): Promise<{ job: Job; proposal: Proposal }> {
  const { signal } = terminal.stop;
  const port = await openForInit(terminal, signal);
  try {
    return await orStopped(signal, proposeAt(port, asked, read, flags, terminal));
  } finally {
    await port.close(signal.aborted ? 'now' : 'settle').catch(() => {});
  }
}

function openForInit(terminal: Terminal, signal: AbortSignal): Promise<Postgres> {
  const { databaseUrl, supabase } = terminal.env;
  if (databaseUrl === undefined && supabase.url !== undefined) {
    throw new Fault('init_over_http', 'init needs DATABASE_URL: the Data API does not show the tables of a database', {
      fix: 'set it in the environment or in .env; the dashboard shows it under Connect, Session pooler',
    });
  }
  return openServer(terminal.env, { runId: ulid(), concurrency: 1, signal, onRetry: () => {} });
}

async function proposeAt(port: Postgres, asked: Asked, read: Config, flags: InitFlags, terminal: Terminal) {
  const asks = terminal.interactive && !flags.yes && !flags.dryRun;
  const view = await outlook(port, asked);
  const job = withoutForeign(await aimed(port, asked, view, asks ? terminal : null), read);
  const answers = new Map(Object.entries(flags.set ?? {}));
  const studied = await study(port, job, view.code, answers);
  refuseUnknown(job, studied, answers);
  const show = (found: typeof studied) => {
    const proposal = proposalOf(job, found, view.choices, port.address);
    terminal.out(renderProposal(proposal, terminal.look));
    return proposal;
  };
  const first = show(studied);
  if (!asks || openIn(studied.plans).length === 0) return { job, proposal: first };
  const complete = await answered(port, job, view.code, { studied, answers }, terminal);
  const proposal = proposalOf(job, complete, view.choices, port.address);
  const told = new Set(first.remarks.map(({ fact }) => fact));
  terminal.out(
    renderRemarks(
      proposal.remarks.filter(({ fact }) => !told.has(fact)),
      terminal.look,
    ),
  );
  return { job, proposal };
}

/** Columns that the configuration has for another table say nothing of this one. */
function withoutForeign(job: Job, read: Config): Job {
  if (!read.target || display(read.target) === display(job.config.target)) return job;
  const { columns: _, ...config } = job.config;
  return { ...job, config: { ...config, refresh: [] } };
}
