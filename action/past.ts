import { setTimeout as sleep } from 'node:timers/promises';
import { pastSchema } from '../src/history/past.ts';
import type { PastRun } from '../src/past-run.ts';
import type { Report } from '../src/report.ts';
import { runCli } from './child.ts';
import { runVariables } from './variables.ts';
import type { World } from './world.ts';

const RUNS = 30;
/** A picture is worth no more. */
const LIMIT_MS = 20_000;

/**
 * The last runs of the report's target, for the summary; none where there is no history, where it cannot be read, and after a
 * run that was about some of the users, that saw no database, or that somebody cancelled. Nothing of this is shown in the log.
 */
export async function pastRuns(
  report: Report,
  { flags, cwd }: { flags: readonly string[]; cwd: string },
  { environment: { inputs, variables }, holds }: World,
): Promise<PastRun[]> {
  const { scope, verdict, database, target } = report;
  if (!scope.full || verdict === 'interrupted' || database.serverVersion === null) return [];
  const config = flags.filter((flag) => flag.startsWith('--config='));
  const argv = ['history', '--json', `--limit=${RUNS}`, `--target=${target}`, '--log-level=silent', ...config];
  const over = new AbortController();
  const lines: string[] = [];
  await runCli(argv, {
    cwd,
    env: runVariables(inputs, variables),
    write: (line) => void lines.push(line),
    holds: (child) => {
      holds(child);
      sleep(LIMIT_MS, undefined, { signal: over.signal }).then(
        () => child.kill('SIGKILL'),
        () => {},
      );
    },
  }).catch(() => {});
  over.abort();
  return lines.flatMap(runsIn);
}

function runsIn(line: string): PastRun[] {
  try {
    return pastSchema.safeParse(JSON.parse(line)).data?.runs ?? [];
  } catch {
    return [];
  }
}
