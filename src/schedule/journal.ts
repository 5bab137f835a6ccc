import type { Outcome } from '../status.ts';

export type Level = 'info' | 'warn' | 'error';

/** One line of the log: counts and codes only. */
export interface Entry {
  level: Level;
  fields: object;
  message: string;
}

/** What the log says of a run. A run that found or left something is a warning; one that left no word is an error. */
export function entryOf(outcome: Outcome): Entry {
  const { line, command, exitCode, signal, durationMs, trouble, report, examination } = outcome;
  const interrupted = report?.verdict === 'interrupted';
  return {
    level: trouble !== null ? 'error' : exitCode === 0 || interrupted ? 'info' : 'warn',
    fields: {
      line,
      command,
      exitCode,
      ...(signal && { signal }),
      ...(trouble && { trouble }),
      durationMs,
      ...(report && summaryOf(report)),
      ...(examination && { findings: examination.counts }),
    },
    message: 'run ended',
  };
}

function summaryOf({
  runId,
  verdict,
  reason,
  scope,
  drift,
  repair,
  residual,
  failures,
  failuresTotal,
}: NonNullable<Outcome['report']>) {
  const { missing, stale, orphans, oldest } = drift;
  return {
    run: runId,
    verdict,
    reason: reason?.code ?? null,
    ...(scope.full ? {} : { fullScope: false }),
    drift: { missing, stale, orphans, oldest },
    repair,
    residual,
    failures: failuresTotal,
    ...(failures.length > 0 && { codes: tally(failures.map(({ code }) => code)) }),
  };
}

/** How often each code is there: of the failures that the report lists. */
function tally(codes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/**
 * A line that a run wrote to stderr. It is a line of its log, which is passed on as it is, or a sentence for people: the one
 * line of a Fault, or the last words of a crash.
 */
export function entryOfStderr(number: number, text: string): Entry {
  const logged = logLine(text);
  if (logged) {
    const { level, msg, time: _, tool: _tool, ...fields } = logged;
    const name = typeof level === 'number' && level >= 50 ? 'error' : level === 40 ? 'warn' : 'info';
    return { level: name, fields: { line: number, ...fields }, message: String(msg) };
  }
  return { level: 'warn', fields: { line: number, stderr: text.slice(0, 500) }, message: 'a run wrote to stderr' };
}

function logLine(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'msg' in parsed ? { ...parsed } : null;
  } catch {
    return null;
  }
}
