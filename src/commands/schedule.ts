import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { environmentWith } from '../config/env.ts';
import { troubleOf } from '../run/trouble.ts';
import { statusApp } from '../schedule/app.ts';
import { runChild } from '../schedule/child.ts';
import type { Judge, Line } from '../schedule/crontab.ts';
import { defaultMaxAgeMs, healthOf, maxAgeOfSomeMs } from '../schedule/health.ts';
import { type Entry, entryOf, entryOfStderr } from '../schedule/journal.ts';
import { loadCrontab } from '../schedule/load.ts';
import { outcomeOf, tellingArguments } from '../schedule/outcome.ts';
import { pastRuns } from '../schedule/past.ts';
import { leavesPulse } from '../schedule/pulse.ts';
import { type Schedule, startSchedule, type Told } from '../schedule/schedule.ts';
import { listen } from '../schedule/server.ts';
import type { Outcome } from '../status.ts';
import type { ScheduleFlags } from './schedule-flags.ts';
import { scheduleViews } from './schedule-views.ts';
import type { Terminal } from './terminal.ts';

type Environment = ReturnType<typeof environmentWith>;

const SCRIPT = fileURLToPath(new URL('../../bin/userdrift.js', import.meta.url));
const EXAMPLE = fileURLToPath(new URL('../../crontab', import.meta.url));

/**
 * `userdrift schedule`: runs the lines of a crontab until a signal, and serves what came of them. Exit 0 after a stop in
 * good order, with a run cut short in the middle as without: what a signal interrupts is a run, and that run's own exit
 * code and report say so; the schedule did what it was told, and an orchestrator that stops it should see no failure.
 * `judge` knows the flags of a line. Throws a Fault before the first run only.
 */
export async function schedule(flags: ScheduleFlags, judge: Judge, terminal: Terminal): Promise<number> {
  const lines = await loadCrontab(flags.crontab, judge, EXAMPLE);
  const log = await terminal.logger(flags.logLevel ?? 'info');
  const maxAgeMs = flags.maxAge ?? defaultMaxAgeMs(lines);
  let running: Schedule | null = null;
  const app = statusApp(
    scheduleViews({
      schedule: () => running,
      ready: () => running !== null && !terminal.stop.signal.aborted,
      health: (status, now) => healthOf(status, maxAgeMs, now),
      maxAgeMs: (shown) => flags.maxAge ?? maxAgeOfSomeMs(lines, shown),
      version: terminal.version,
    }),
  );
  const server = await listen(app, flags.host, flags.port);
  log.info({ url: server.url, maxAgeSeconds: Math.floor(maxAgeMs / 1000) }, 'serving');
  running = startSchedule(lines, {
    jitterMs: flags.jitter,
    runAtStart: flags.runAtStart === true,
    launch: (line) => launch(line, environmentOf(line, lines), flags.runLimit, log, terminal),
    told: tell(log),
  });
  for (const line of lines) log.info(announcement(line, running), 'scheduled');
  const { remember } = running;
  const past = pastRuns(lines, {
    script: SCRIPT,
    envOf: (line) => environmentOf(line, lines),
    stop: terminal.stop.signal,
    hurry: terminal.hurry,
    leave: terminal.leave,
  }).then(remember);
  await stopAsked(terminal.stop.signal);
  log.info('stopping: no new run begins, and what is under way settles');
  await Promise.all([running.stop(), past]);
  await server.close();
  // Somebody was in a hurry, and what was in flight is not known.
  if (terminal.hurry.aborted) throw terminal.stop.signal.reason;
  log.info('stopped');
  return 0;
}

/** A variable that is empty is set: no `.env` fills it. */
function environmentOf(line: Line, lines: readonly Line[]): Environment {
  return environmentWith({ ...line.variables, ...(leavesPulse(line, lines) && { USERDRIFT_PING_URL: '' }) });
}

async function launch(
  line: Line,
  env: Environment,
  limitMs: number,
  log: Logger,
  terminal: Terminal,
): Promise<Outcome> {
  const ending = await runChild({
    script: SCRIPT,
    args: tellingArguments(line.args),
    env,
    limitMs,
    stop: terminal.stop.signal,
    hurry: terminal.hurry,
    leave: terminal.leave,
    said: (text) => write(log, entryOfStderr(line.number, text)),
  });
  return outcomeOf(line, ending);
}

function tell(log: Logger): Told {
  return {
    begun: ({ number, args: [command] }) => log.debug({ line: number, command }, 'run begins'),
    ended: (outcome) => write(log, entryOf(outcome)),
    skipped: ({ number, args: [command] }, why, date) =>
      log.warn({ line: number, command, why, due: date.toISOString() }, 'run left out'),
    failed: (error) => log.error(troubleOf(error), 'the timetable failed'),
  };
}

function write(log: Logger, { level, fields, message }: Entry): void {
  log[level](fields, message);
}

function announcement({ number, time, timeZone, args: [command] }: Line, { next }: Schedule): object {
  return { line: number, schedule: time, timeZone, command, next: next(number)?.toISOString() ?? null };
}

function stopAsked(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }));
}
