import { examinationSchema } from '../examination.ts';
import { reportSchema } from '../report.ts';
import type { Outcome, Trouble } from '../status.ts';
import type { Line } from './crontab.ts';

/** How a child process ended. */
export interface Ending {
  /** ISO 8601 */
  startedAt: string;
  durationMs: number;
  code: number | null;
  signal: string | null;
  /** null: more than anybody wants to read */
  stdout: string | null;
  /** Its time was up. */
  overdue: boolean;
  /** It never began. */
  failedToStart: boolean;
}

const DOCUMENTS = new Set(['check', 'sync', 'doctor']);

/**
 * The arguments with which a line's command tells the schedule how it went: one JSON document on stdout, and on stderr what
 * is odd. `--quiet` would keep a good run's document back.
 */
export function tellingArguments(args: readonly string[]): string[] {
  const [command = ''] = args;
  if (!DOCUMENTS.has(command)) return [...args];
  const kept = args.filter((word) => word !== '--quiet');
  const level = kept.some((word) => /^--log-level(=|$)/.test(word)) ? [] : ['--log-level', 'warn'];
  return [...kept, ...(kept.includes('--json') ? [] : ['--json']), ...level];
}

/** What one run of a line came to. */
export function outcomeOf(line: Pick<Line, 'number' | 'args'>, ending: Ending): Outcome {
  const [command = ''] = line.args;
  const document = DOCUMENTS.has(command) ? parseDocument(command, ending.stdout) : null;
  return {
    line: line.number,
    command,
    startedAt: ending.startedAt,
    durationMs: ending.durationMs,
    exitCode: ending.code,
    signal: ending.signal,
    report: document && 'runId' in document ? document : null,
    examination: document && 'findings' in document ? document : null,
    trouble: troubleOf(ending, document !== null || !DOCUMENTS.has(command)),
  };
}

function troubleOf(ending: Ending, told: boolean): Trouble | null {
  if (ending.failedToStart) return 'not_started';
  if (ending.overdue) return 'overdue';
  if (ending.signal !== null) return 'killed';
  if (told) return null;
  return ending.stdout === '' ? 'no_report' : 'garbled';
}

function parseDocument(command: string, stdout: string | null) {
  const schema = command === 'doctor' ? examinationSchema : reportSchema;
  try {
    return schema.safeParse(JSON.parse(stdout ?? '')).data ?? null;
  } catch {
    return null;
  }
}
