import { pastSchema } from '../history/past.ts';
import type { PastRun } from '../past-run.ts';
import { type Launch, runChild } from './child.ts';
import type { Line } from './crontab.ts';

/** Of each line. What is shown in the meantime is the present, which needs no past. */
const LIMIT_MS = 15_000;
const SETTLE_MS = 2000;
const RUNS = 1000;

/** What `pastRuns` needs to ask. */
export interface Asking extends Pick<Launch, 'script' | 'stop' | 'hurry' | 'leave'> {
  envOf: (line: Line) => Launch['env'];
  limitMs?: number;
}

/**
 * The runs that the histories of these lines remember, the newest first: `userdrift history` in the surroundings of each line,
 * once for lines that would ask the same. Never throws: a database without a history, or out of reach, has no past.
 */
export async function pastRuns(lines: readonly Line[], asking: Asking): Promise<PastRun[]> {
  const found = new Map<string, PastRun>();
  for (const line of askers(lines)) {
    if (asking.stop.aborted) break;
    for (const run of await ask(line, asking)) found.set(run.runId, run);
  }
  return [...found.values()].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
}

async function ask(line: Line, { envOf, limitMs = LIMIT_MS, ...launch }: Asking): Promise<PastRun[]> {
  const { code, stdout } = await runChild({
    ...launch,
    args: historyArguments(line.args),
    env: envOf(line),
    limitMs,
    settleMs: SETTLE_MS,
    said: () => {},
  });
  return code === 0 ? runsIn(stdout) : [];
}

/** Of lines that would ask the same database about the same target, the first. */
function askers(lines: readonly Line[]): Line[] {
  const running = lines.filter(({ args: [command] }) => command === 'check' || command === 'sync');
  const same = ({ args, variables }: Line) => JSON.stringify([historyArguments(args), variables]);
  return [...new Map(running.toReversed().map((line) => [same(line), line])).values()].reverse();
}

const KEPT = ['--config', '--target', '--transport'];

/** The flags of a line that say where its database is, and which table is meant, for `userdrift history`. */
export function historyArguments(args: readonly string[]): string[] {
  const kept = args.flatMap((word, index) => {
    if (KEPT.some((flag) => word.startsWith(`${flag}=`))) return [word];
    const value = args[index + 1];
    return KEPT.includes(word) && value !== undefined ? [`${word}=${value}`] : [];
  });
  return ['history', '--json', '--limit', String(RUNS), '--log-level', 'silent', ...kept];
}

function runsIn(stdout: string | null): PastRun[] {
  try {
    return pastSchema.safeParse(JSON.parse(stdout ?? '')).data?.runs ?? [];
  } catch {
    return [];
  }
}
