import cron from 'node-cron';
import type { Line } from './crontab.ts';

/** Later than this a run is left out: the next one does what it would have done. A paused container may be late. */
const TOLERANCE_MS = 60_000;

/** Lines that are started on time. */
export interface Timetable {
  /** When the line runs next, jitter left out. */
  next(number: number): Date | null;
  /** Starts nothing any more. */
  stop(): void;
}

/** What happens at a time of the table. */
export interface Bell {
  /** Settles when the run has ended: until then the line is not started again. */
  run: (line: Line) => Promise<void>;
  /** The run before it has not ended. */
  overlapped: (line: Line) => void;
  /** The process, or the machine, was asleep. */
  missed: (line: Line, date: Date) => void;
  failed: (error: unknown) => void;
}

/** Starts each line at its times, up to `jitterMs` later. */
export function startTimetable(lines: readonly Line[], jitterMs: number, bell: Bell): Timetable {
  const tasks = new Map(lines.map((line) => [line.number, startTask(line, jitterMs, bell)]));
  return {
    next: (number) => tasks.get(number)?.getNextRun() ?? null,
    stop() {
      for (const task of tasks.values()) void task.destroy();
    },
  };
}

function startTask(line: Line, jitterMs: number, bell: Bell) {
  const task = cron.createTask(line.time, () => bell.run(line), {
    timezone: line.timeZone,
    // Off by default.
    noOverlap: true,
    maxRandomDelay: jitterMs,
    missedExecutionTolerance: TOLERANCE_MS,
    logger: { info() {}, warn() {}, debug() {}, error: bell.failed },
  });
  task.on('execution:overlap', () => bell.overlapped(line));
  task.on('execution:missed', ({ date }) => bell.missed(line, date));
  void task.start();
  return task;
}
