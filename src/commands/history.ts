import { ulid } from 'ulid';
import { CONFIG_FILE } from '../config/load.ts';
import { Fault } from '../fault.ts';
import { type Past, pastOf } from '../history/past.ts';
import type { PastRun } from '../past-run.ts';
import type { Port } from '../port.ts';
import { orStopped } from '../reconcile/stop.ts';
import { opened } from '../reconcile/world.ts';
import { renderHistory } from '../render/history/history.ts';
import { renderJson } from '../render/json.ts';
import { renderHistoryPage } from '../render/page/history-page.ts';
import { display } from '../sql/name.ts';
import { type HistoryFlags, MOST_PAST_RUNS } from './flags.ts';
import { jobOf } from './job.ts';
import { openDatabase } from './open.ts';
import { outputFile } from './output-file.ts';
import type { Terminal } from './terminal.ts';

/** For the sums and the plot; so many are no list that anybody reads. */
const LOOKED_AT = 1000;
const LISTED = 20;

/** `userdrift history`: what the history of the database has of past runs. Reads nothing else. */
export async function history(flags: HistoryFlags, terminal: Terminal): Promise<number> {
  const started = performance.now();
  const { config, again } = await jobOf('check', { ...flags, ids: true, maxDrift: 0 });
  const file = flags.html === undefined ? null : await pageFile(flags.html, flags);
  const target = config.target ? display(config.target) : null;
  const { past, place } = await read(target, flags, terminal);
  const now = new Date().toISOString();
  const rows = flags.limit ?? LISTED;
  const view = { past, place, rows, now, durationMs: Math.round(performance.now() - started) };
  terminal.out(flags.json ? renderJson(past) : renderHistory(view, { ...terminal.look, again }));
  await file?.write(renderHistoryPage({ runs: past.runs, target: past.target, now, version: terminal.version }));
  return 0;
}

function pageFile(path: string, { config }: HistoryFlags) {
  return outputFile('--html', path, { 'the configuration': config ?? CONFIG_FILE });
}

async function read(
  target: string | null,
  flags: HistoryFlags,
  terminal: Terminal,
): Promise<{ past: Past; place: string }> {
  const { signal } = terminal.stop;
  const log = await terminal.logger(flags.logLevel ?? 'warn');
  const port = await opened(
    () =>
      openDatabase(terminal.env, null, flags.transport, {
        runId: ulid(),
        concurrency: 1,
        signal,
        onRetry: ({ action, code }) => log.warn({ action, code }, 'trying again'),
      }),
    signal,
  );
  for (const { code, message } of port.notes) log.warn({ code }, message);
  try {
    const runs = await orStopped(signal, runsOf(port, target, flags));
    return { past: pastOf(runs, target ?? onlyTarget(runs)), place: placeOf(port) };
  } finally {
    await port.close(signal.aborted ? 'now' : 'settle').catch(() => {});
  }
}

async function runsOf(port: Port, target: string | null, { limit, last }: HistoryFlags): Promise<PastRun[]> {
  const most = limit ?? (last === undefined ? LOOKED_AT : MOST_PAST_RUNS);
  const runs = await port.pastRuns(most, target);
  if (runs === null) {
    throw new Fault(
      'history_missing',
      `no history is installed in ${port.address.host}, so that no run is remembered`,
      {
        fix: 'userdrift sql history | psql "$DATABASE_URL", and from then on each run is recorded',
      },
    );
  }
  const since = last === undefined ? Number.NEGATIVE_INFINITY : Date.now() - last;
  return runs.filter(({ startedAt }) => Date.parse(startedAt) >= since);
}

/** Where all the runs are of one target, that is the one that is meant. */
function onlyTarget(runs: readonly PastRun[]): string | null {
  const targets = new Set(runs.map((run) => run.target));
  const [first] = targets;
  return targets.size === 1 && first !== undefined ? first : null;
}

function placeOf({ address: { user, host }, transport }: Port): string {
  return `${user}@${host}${transport === 'http' ? ' over HTTP' : ''}`;
}
