import { pastRunOf } from '../../src/past-run.ts';
import { renderPage } from '../../src/render/page/page.ts';
import type { PageView } from '../../src/render/page/page-view.ts';
import type { LineStatus, Outcome } from '../../src/status.ts';

/** When the page is looked at. */
export const NOW = '2026-11-16T12:10:00.000Z';

/** A line of a crontab, and how its last run ended. */
export function line(last: Partial<Outcome> | null = null, change: Partial<LineStatus> = {}): LineStatus {
  const none = { signal: null, report: null, examination: null, trouble: null };
  return {
    number: 1,
    time: '2-59/5 * * * *',
    timeZone: 'UTC',
    command: 'sync',
    shown: 'sync --quiet',
    runningSince: null,
    last: last && {
      line: 1,
      command: 'sync',
      startedAt: '2026-11-16T12:07:00.000Z',
      durationMs: 3000,
      exitCode: 0,
      ...none,
      ...last,
    },
    lastGoodAt: null,
    target: last?.report?.target ?? null,
    ...change,
  };
}

/** The page of some lines, whose reports are all the runs that are known. */
export function page(lines: LineStatus[], change: Partial<PageView> = {}): string {
  return renderPage({
    status: {
      startedAt: '2026-11-16T08:00:00.000Z',
      lines,
      runs: lines.flatMap(({ last }) => (last?.report ? [pastRunOf(last.report)] : [])),
    },
    health: {
      healthy: true,
      lastGoodAt: '2026-11-16T12:07:03.000Z',
      ageSeconds: 177,
      maxAgeSeconds: 900,
      why: 'the last good run is recent',
    },
    maxAgeMs: () => 900_000,
    next: () => '2026-11-16T12:12:00.000Z',
    now: NOW,
    version: '0.1.0',
    ...change,
  });
}
