import { join, posix, relative } from 'node:path';
import { ulid } from 'ulid';
import { CONFIG_FILE, parseConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { Fault } from '../fault.ts';
import { completedConfig, configText } from '../init/config-text.ts';
import { proposalOf } from '../init/proposal-of.ts';
import { study } from '../init/study.ts';
import type { Postgres } from '../postgres/port.ts';
import type { Proposal } from '../proposal.ts';
import { type Asked, callsFunction, type Job } from '../reconcile/job.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { orStopped } from '../reconcile/stop.ts';
import { renderClosing } from '../render/init-closing.ts';
import { renderProposal } from '../render/proposal.ts';
import { display } from '../sql/name.ts';
import { answered, openIn, refuseOpen, refuseUnknown, setFlags } from './init-columns.ts';
import { textOf } from './init-files.ts';
import type { InitFlags } from './init-flags.ts';
import { aimed, outlook } from './init-target.ts';
import { writeFiles } from './init-write.ts';
import { plan } from './job.ts';
import { openServer } from './open.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift init`: looks at the database, proposes a configuration, and writes it with what else is wanted. */
export async function init(flags: InitFlags, terminal: Terminal): Promise<number> {
  const started = performance.now();
  const place = placeOf(flags);
  const there = await textOf(place.file);
  const read = parseConfig(there ?? '{}', place.file);
  const proposed = await propose(plan('sync', read, aim(flags)), read, flags, terminal);
  const { job, proposal } = proposed;
  const open = openIn(proposal.columns);
  if (flags.yes) refuseOpen(job, open);
  const text = configOf(proposal, job, read, there, place.schema);
  const config = { path: place.path, text, what: 'the mapping, with its reasons' };
  const final = plan('sync', parseConfig(text, place.file), aim({}));
  const deed = open.length > 0 ? null : await writeFiles(config, final, flags, terminal);
  const again = place.file === CONFIG_FILE ? '' : ` --config ${shellWord(place.file)}`;
  const next = {
    deed,
    check: `userdrift check${again}`,
    init: `userdrift init${repeated(flags)}${setFlags(open)} --yes`,
  };
  terminal.out(renderClosing(next, performance.now() - started, terminal.look));
  return 0;
}

/** The configuration: where it is, below which directory, and where an editor finds its schema from there. */
function placeOf({ config, dir = '.' }: InitFlags) {
  const file = config ?? join(dir, CONFIG_FILE);
  const path = relative(dir, file).replaceAll('\\', '/');
  const up = posix.relative(posix.dirname(path), 'node_modules/userdrift/userdrift.schema.json');
  return { file, path, schema: up.startsWith('.') ? up : `./${up}` };
}

function aim({ target, key }: InitFlags) {
  const named = { ...(target !== undefined && { target }), ...(key !== undefined && { key }) };
  return { ...named, ids: true, maxDrift: 0, transport: 'postgres' } as const;
}

function repeated({ config, target, key, dir, set = {}, with: parts }: InitFlags): string {
  const flags = Object.entries({ config, target, key, dir, with: parts?.join(',') });
  const said = Object.entries(set).map(([name, sql]) => ` --set ${shellWord(`${name}=${sql}`)}`);
  return [...flags.map(([name, value]) => (value === undefined ? '' : ` --${name} ${shellWord(value)}`)), ...said].join(
    '',
  );
}

/** Looks, asks what only a person can know, and shows the proposal. */
async function propose(
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
  return { job, proposal: proposalOf(job, complete, view.choices, port.address) };
}

/** Columns that the configuration has for another table say nothing of this one. */
function withoutForeign(job: Job, read: Config): Job {
  if (!read.target || display(read.target) === display(job.config.target)) return job;
  const { columns: _, ...config } = job.config;
  return { ...job, config: { ...config, refresh: [] } };
}

/** The text to be: new with reasons, or what is there, completed. */
function configOf(proposal: Proposal, job: Job, read: Config, there: string | null, schema: string): string {
  if (there === null) return configText(proposal, schema);
  const target = read.target !== undefined && display(read.target) === proposal.target;
  const columns = read.target === undefined || target ? (read.columns ?? null) : null;
  return completedConfig(there, proposal, {
    target,
    key: read.key === proposal.key,
    columns,
    calls: callsFunction(job),
  });
}
