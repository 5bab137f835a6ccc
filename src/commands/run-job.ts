import { readFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import { Fault } from '../fault.ts';
import type { Port } from '../port.ts';
import { parseAddress } from '../postgres/address.ts';
import { openPostgres } from '../postgres/port.ts';
import { scrub } from '../postgres/sqlstate.ts';
import type { Asked, Command } from '../reconcile/job.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { withoutIds } from '../reconcile/report.ts';
import { renderFault } from '../render/fault-line.ts';
import { renderJson } from '../render/json.ts';
import { renderLine } from '../render/line.ts';
import { printable } from '../render/printable.ts';
import { renderProgress } from '../render/progress.ts';
import { renderText } from '../render/text.ts';
import { thousands } from '../render/units.ts';
import type { Report } from '../report.ts';
import type { Flags, WriteFlags } from './flags.ts';
import { jobOf } from './job.ts';
import { reportFile } from './report-file.ts';
import type { Terminal } from './terminal.ts';

/** Runs a check, sync or backfill and shows its report. Returns the exit code; throws a Fault before the run only. */
export async function runJob(command: Command, flags: Flags | WriteFlags, terminal: Terminal): Promise<number> {
  const job = await jobOf(command, flags);
  const file = flags.report === undefined ? null : await reportFile(flags.report);
  const report = tolerant(await run(job, flags, terminal), flags);
  const shown = flags.ids ? report : withoutIds(report);
  const code = show(shown, flags, terminal);
  // Last, so that a full disk takes nothing from stdout.
  await file?.write(renderJson(shown));
  return code;
}

async function run(job: Asked, flags: Flags | WriteFlags, terminal: Terminal): Promise<Report> {
  const runId = ulid();
  const level = flags.logLevel ?? defaultLevel(flags, terminal);
  const log = terminal.logger(level).child({ run: runId, command: job.command });
  const deadline = startDeadline(flags.deadline, terminal.stop);
  const progress = progressOn(terminal, flags);
  try {
    const report = await reconcile(job, {
      toolVersion: terminal.version,
      runId,
      open: () => open(job, runId, terminal, (retry) => log.warn(retry, 'trying again')),
      stop: terminal.stop.signal,
      hurry: terminal.hurry,
      confirm: terminal.interactive && !('yes' in flags && flags.yes) ? asker(terminal) : undefined,
      progress,
      trouble: (error) =>
        log.debug({ error: scrub(error), cause: causeOf(error), at: stackOf(error) }, 'the run stopped'),
    });
    log.info(summaryOf(report), 'run ended');
    return report;
  } finally {
    clearTimeout(deadline);
    terminal.status(null);
  }
}

/** `--quiet` is for cron, which mails any output. */
function defaultLevel(flags: Flags, terminal: Terminal): string {
  if (flags.quiet) return 'silent';
  return terminal.errIsTerminal ? 'warn' : 'info';
}

async function open(job: Asked, runId: string, terminal: Terminal, onRetry: (retry: object) => void): Promise<Port> {
  const { databaseUrl } = terminal.env;
  if (databaseUrl === undefined) {
    throw new Fault('database_url_missing', 'DATABASE_URL is not set', {
      fix: 'set it in the environment or in .env; the dashboard shows it under Connect, Session pooler',
    });
  }
  const address = parseAddress(databaseUrl, { rootCert: await rootCert(terminal.env) });
  return openPostgres(address, {
    runId,
    concurrency: job.concurrency,
    signal: terminal.stop.signal,
    onRetry: ({ action, code }) => onRetry({ action, code }),
  });
}

async function rootCert({ caCert, caFile }: Terminal['env']): Promise<string | null> {
  if (caCert !== undefined || caFile === undefined) return caCert ?? null;
  try {
    return await readFile(caFile, 'utf8');
  } catch (error) {
    throw new Fault('ca_file_unreadable', 'the file that PGSSLROOTCERT names cannot be read', {
      fix: "give the path of the project's certificate, or its text in DATABASE_CA_CERT",
      cause: error,
    });
  }
}

function startDeadline(ms: number | undefined, stop: AbortController): NodeJS.Timeout | undefined {
  if (ms === undefined) return undefined;
  const fault = new Fault('deadline', 'the deadline passed; this report is partial', {
    fix: 'run it again: what is done stays done; or give it longer with --deadline',
  });
  return setTimeout(() => stop.abort(fault), Math.min(ms, 2 ** 31 - 1)).unref();
}

function asker(terminal: Terminal) {
  const { unicode } = terminal.look;
  return ({ host, target, rows }: { host: string; target: string; rows: number }) =>
    terminal.ask(`Write ${thousands(rows)} users to ${printable(target, unicode)} on ${printable(host, unicode)}?`);
}

function progressOn(terminal: Terminal, flags: Flags) {
  if (!terminal.errIsTerminal || flags.quiet) return undefined;
  const { unicode, width } = terminal.look;
  let started: number | null = null;
  return ({ done, total }: { done: number; total: number }) => {
    started ??= performance.now();
    const elapsedMs = performance.now() - started;
    const perSecond = elapsedMs > 500 ? Math.round((done / elapsedMs) * 1000) : null;
    terminal.status(renderProgress({ done, total, perSecond, elapsedMs, width, unicode }));
  };
}

function summaryOf({ verdict, exitCode, reason, durationMs, drift, repair, residual }: Report): object {
  return { verdict, exitCode, reason: reason?.code ?? null, durationMs, drift, repair, residual };
}

function causeOf(error: unknown): object | null {
  return error instanceof Error && error.cause !== undefined ? scrub(error.cause) : null;
}

/** The frames alone: the first line of a stack is the message, which can quote a row. */
function stackOf(error: unknown): string[] {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return frames.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}

function tolerant(report: Report, flags: Flags | WriteFlags): Report {
  return report.verdict === 'busy' && 'busyOk' in flags && flags.busyOk ? { ...report, exitCode: 0 } : report;
}

function show(report: Report, flags: Flags | WriteFlags, terminal: Terminal): number {
  const { out, err, look } = terminal;
  const code = report.exitCode;
  if (flags.quiet && code === 0) return code;
  if (flags.json) out(renderJson(report));
  else if (flags.quiet) out(renderLine(report, look.unicode));
  else if (report.reason && sawNothing(report)) err(renderFault(report.reason, look.unicode));
  else out(renderText(report, look));
  return code;
}

/** There is nothing to tell but the reason. */
function sawNothing({ verdict, source, users }: Report): boolean {
  return (verdict === 'failed' || verdict === 'inconclusive') && source.total === null && users === null;
}
