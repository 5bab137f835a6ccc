import type { Logger } from 'pino';
import { ulid } from 'ulid';
import type { Port } from '../port.ts';
import type { PostgresOptions } from '../postgres/port.ts';
import type { Asked, Command } from '../reconcile/job.ts';
import { withoutIds } from '../reconcile/report.ts';
import { printable } from '../render/printable.ts';
import { thousands } from '../render/units.ts';
import type { Report } from '../report.ts';
import { startDeadline } from '../run/deadline.ts';
import { runLogged } from '../run/run.ts';
import { openFiles } from './files.ts';
import type { Flags, WriteFlags } from './flags.ts';
import { pulseOf } from './heartbeat.ts';
import { jobOf } from './job.ts';
import { openDatabase } from './open.ts';
import { StatusLine } from './status-line.ts';
import type { Terminal } from './terminal.ts';

/** Runs a check, sync or backfill and shows its report. Returns the exit code; throws a Fault before the run only. */
export async function runJob(command: Command, flags: Flags | WriteFlags, terminal: Terminal): Promise<number> {
  const job = await jobOf(command, flags);
  const files = await openFiles(flags);
  const runId = ulid();
  const logger = await terminal.logger(flags.logLevel ?? defaultLevel(flags, terminal));
  const log = logger.child({ run: runId, command });
  const pulse = pulseOf(job, flags, runId, log, terminal);
  const report = await run(job, flags, terminal, { runId, log, underway: pulse.started });
  const shown = flags.ids ? report : withoutIds(report);
  const code = await show(shown, flags, { ...terminal, look: { ...terminal.look, again: job.again } });
  // Last, so that a full disk takes nothing from stdout.
  const kept = await settled(files.write(shown));
  await pulse.ended(report, kept.status === 'fulfilled' ? code : 1);
  if (kept.status === 'rejected') throw kept.reason;
  return code;
}

async function settled(work: Promise<void>): Promise<PromiseSettledResult<void>> {
  const [result] = await Promise.allSettled([work]);
  return result;
}

interface Session {
  runId: string;
  log: Logger;
  underway: () => void;
}

async function run(job: Asked, flags: Flags | WriteFlags, terminal: Terminal, session: Session): Promise<Report> {
  const callOff = startDeadline(flags.deadline, terminal.stop);
  const line = terminal.errIsTerminal && !flags.quiet ? new StatusLine(terminal) : null;
  try {
    return await runLogged(job, {
      ...session,
      toolVersion: terminal.version,
      open: (options) => openWatched(job, flags, terminal, options, line),
      underway: () => {
        line?.wait('counting users');
        session.underway();
      },
      stop: terminal.stop.signal,
      hurry: terminal.hurry,
      confirm: terminal.interactive && !('yes' in flags && flags.yes) ? asker(terminal, line) : undefined,
      progress: line ? (state) => line.progress(state) : undefined,
    });
  } finally {
    callOff();
    line?.clear();
  }
}

async function openWatched(
  job: Asked,
  { transport }: Flags,
  { env }: Terminal,
  options: PostgresOptions,
  line: StatusLine | null,
): Promise<Port> {
  line?.wait('connecting');
  const port = await openDatabase(env, job, transport, options);
  if (job.waitMs > 0) line?.wait('waiting for other runs to finish');
  return port;
}

/** `--quiet` is for cron, which mails any output. */
function defaultLevel(flags: Flags, terminal: Terminal): string {
  if (flags.quiet) return 'silent';
  return terminal.errIsTerminal ? 'warn' : 'info';
}

function asker(terminal: Terminal, line: StatusLine | null) {
  const { unicode } = terminal.look;
  return ({ host, target, rows }: { host: string; target: string; rows: number }) => {
    line?.clear();
    return terminal.ask(
      `Write ${thousands(rows)} users to ${printable(target, unicode)} on ${printable(host, unicode)}?`,
    );
  };
}

/** One rendering is shown, and the others are not loaded. */
async function show(report: Report, flags: Flags | WriteFlags, terminal: Terminal): Promise<number> {
  const { out, err, look } = terminal;
  const code = report.exitCode;
  if (flags.quiet && code === 0) return code;
  if (flags.json) out((await import('../render/json.ts')).renderJson(report));
  else if (flags.quiet) out((await import('../render/line.ts')).renderLine(report, look.unicode));
  else if (report.reason && sawNothing(report))
    err((await import('../render/fault-line.ts')).renderFault(report.reason, look.unicode));
  else out((await import('../render/text.ts')).renderText(report, look));
  return code;
}

/** There is nothing to tell but the reason. */
function sawNothing({ verdict, source, users }: Report): boolean {
  return (verdict === 'failed' || verdict === 'inconclusive') && source.total === null && users === null;
}
