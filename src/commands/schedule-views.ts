import { measuredLine } from '../render/measured-run.ts';
import { renderMetrics } from '../render/metrics.ts';
import { renderPage } from '../render/page/page.ts';
import { STYLE } from '../render/page/style.ts';
import type { Views } from '../schedule/app.ts';
import type { Schedule } from '../schedule/schedule.ts';
import type { Health, LineStatus, Status } from '../status.ts';

/** What the views are made of. */
export interface Watched {
  /** null: not started yet */
  schedule: () => Schedule | null;
  ready: () => boolean;
  /** `now` in milliseconds */
  health: (status: Status, now: number) => Health;
  /** How old the last proof about what these lines look after may be, in milliseconds. */
  maxAgeMs: (lines: readonly LineStatus[]) => number;
  version: string;
}

/** What the status server shows of a schedule. */
export function scheduleViews({ schedule, ready, health, maxAgeMs, version }: Watched): Views {
  const began = new Date().toISOString();
  const status = (): Status => schedule()?.status() ?? { startedAt: began, lines: [], runs: [] };
  const lastRuns = () => status().lines.flatMap(({ last }) => last ?? []);
  return {
    ready,
    health: () => health(status(), Date.now()),
    metrics: () => renderMetrics(status().lines.flatMap((line) => measuredLine(line) ?? [])),
    style: STYLE,
    page: () =>
      renderPage({
        status: status(),
        health: health(status(), Date.now()),
        maxAgeMs,
        next: ({ number }) => schedule()?.next(number)?.toISOString() ?? null,
        now: new Date().toISOString(),
        version,
      }),
    report: () => {
      const reports = lastRuns().flatMap(({ report }) => report ?? []);
      return reports.reduce<(typeof reports)[number] | null>(
        (latest, report) => (latest === null || report.startedAt > latest.startedAt ? report : latest),
        null,
      );
    },
  };
}
