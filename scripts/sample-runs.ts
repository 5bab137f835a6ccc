import type { PastRun } from '../src/past-run.ts';

const START = Date.parse('2026-11-03T00:02:00.000Z');
const MINUTE = 60_000;

/** A run that found nobody missing. The run id tells its time, so that runs of different times have different ones. */
export function pastRun(change: Partial<PastRun> = {}): PastRun {
  const startedAt = change.startedAt ?? '2026-11-16T12:00:00.000Z';
  return {
    runId: `01${Date.parse(startedAt).toString(36).toUpperCase().padStart(24, '0')}`,
    startedAt,
    durationMs: 640,
    toolVersion: '0.1.0',
    command: 'sync',
    transport: 'postgres',
    target: 'public.users',
    dryRun: false,
    full: true,
    since: null,
    shard: null,
    namedUsers: null,
    verdict: 'in_sync',
    exitCode: 0,
    reason: null,
    sourceTotal: 48_210,
    missing: 0,
    stale: null,
    orphans: 0,
    oldest: null,
    inserted: 0,
    refreshed: 0,
    failed: 0,
    residual: 0,
    residualStale: null,
    arrived: 0,
    ...change,
  };
}

/** `count` runs, one every `minutes`, each as `at` changes it; the first at `start`, in milliseconds. */
export function runsEvery(
  minutes: number,
  count: number,
  at: (index: number) => Partial<PastRun> | null = () => ({}),
  start: number = START,
): PastRun[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const change = at(index);
    if (change === null) return [];
    return pastRun({ startedAt: new Date(start + index * minutes * MINUTE).toISOString(), ...change });
  });
}

/** A run that found some missing, and left `left` of them. */
export function found(missing: number, left = 0): Partial<PastRun> {
  return {
    missing,
    inserted: missing - left,
    failed: left,
    residual: left,
    verdict: left > 0 ? 'unrepaired' : 'repaired',
    exitCode: left > 0 ? 2 : 0,
  };
}

/** A run that could not do its work. */
export function lost(verdict: 'failed' | 'refused' | 'interrupted', reason: string): Partial<PastRun> {
  const exitCode = { failed: 1, refused: 4, interrupted: 143 }[verdict];
  return { verdict, exitCode, reason, missing: null, residual: null, arrived: null, sourceTotal: null };
}

/** Two weeks of an hourly sync, with everything in them that a chart can show. */
export function twoWeeks(): PastRun[] {
  return runsEvery(60, 14 * 24, (hour) => {
    if (hour > 118 && hour < 174) return null;
    if (hour === 174) return found(214);
    if (hour === 40 || hour === 41) return lost('failed', 'connection_refused');
    if (hour === 230) return lost('refused', 'share_limit');
    if (hour >= 262 && hour < 290) return found(36 + (hour % 5), 31);
    if (hour === 290) return found(31);
    return hour % 7 === 3 ? found(1 + ((hour * 5) % 23)) : {};
  });
}
