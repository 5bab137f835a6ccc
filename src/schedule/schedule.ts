import type { PastRun } from '../past-run.ts';
import type { Outcome, Status } from '../status.ts';
import type { Line } from './crontab.ts';
import { begun, ended, freshStatus, remembering } from './fold.ts';
import { startTimetable, type Timetable } from './timetable.ts';

/** What a schedule tells while it runs. */
export interface Told {
  begun: (line: Line) => void;
  ended: (outcome: Outcome) => void;
  /** A run was left out: the one before it has not ended, or the process was asleep at its time. */
  skipped: (line: Line, why: 'overlap' | 'missed', date: Date) => void;
  failed: (error: unknown) => void;
}

export interface Options {
  jitterMs: number;
  /** Run every line once, right away. */
  runAtStart: boolean;
  /** Runs a line to its end; never rejects. */
  launch: (line: Line) => Promise<Outcome>;
  told: Told;
}

/** The lines of a crontab, each started at its times and never beside itself. */
export interface Schedule {
  status(): Status;
  /** Takes runs of the past into the status, in any order; one that is known already stays as it is. */
  remember(older: readonly PastRun[]): void;
  next: Timetable['next'];
  /** Begins no more runs, and settles when those that are on their way have ended. */
  stop(): Promise<void>;
}

/** Starts the schedule. */
export function startSchedule(lines: readonly Line[], { launch, told, jitterMs, runAtStart }: Options): Schedule {
  let status = freshStatus(lines, new Date().toISOString());
  const running = new Map<number, Promise<void>>();
  let stopped = false;

  const run = async (line: Line) => {
    status = begun(status, line.number, new Date().toISOString());
    told.begun(line);
    const outcome = await launch(line);
    status = ended(status, outcome);
    told.ended(outcome);
  };
  const start = (line: Line): Promise<void> => {
    if (stopped) return Promise.resolve();
    // The timetable knows of its own runs only, not of the one at the start.
    if (running.has(line.number)) {
      told.skipped(line, 'overlap', new Date());
      return Promise.resolve();
    }
    const one = run(line).finally(() => running.delete(line.number));
    running.set(line.number, one);
    return one;
  };
  const timetable = startTimetable(lines, jitterMs, {
    run: start,
    overlapped: (line) => told.skipped(line, 'overlap', new Date()),
    missed: (line, date) => told.skipped(line, 'missed', date),
    failed: told.failed,
  });
  if (runAtStart) void inOrder(lines, start).catch(told.failed);
  return {
    status: () => status,
    remember(older) {
      status = remembering(status, older);
    },
    next: timetable.next,
    async stop() {
      stopped = true;
      timetable.stop();
      await Promise.allSettled(running.values());
    },
  };
}

/** One after the other: a sync that comes first makes the check after it green. */
async function inOrder(lines: readonly Line[], start: (line: Line) => Promise<void>): Promise<void> {
  for (const line of lines) await start(line);
}
