import { found, lost, runsEvery, twoWeeks } from '../../scripts/sample-runs.ts';
import type { PastRun } from '../../src/past-run.ts';
import { renderPage } from '../../src/render/page/page.ts';
import type { Report } from '../../src/report.ts';
import type { LineStatus } from '../../src/status.ts';
import { blindReport, repairedReport, sampleReport, unrepairedReport } from '../render/sample-report.ts';

const HOSTILE = `public."<script>alert(1)</script>${'x'.repeat(120)}"`;

/** A state of a schedule that a person may meet, and what the page then says and shows. */
export interface Scene {
  runs: readonly PastRun[];
  reports: readonly Report[];
  /** The first one on the page. */
  answer: string;
  /** Where it is not the answer. */
  title?: string;
  /** Marks of the chart by their class, and at least how many of them a wide page has. */
  marks: Record<string, number>;
}

const nobody = { ...sampleReport().drift, missing: 0, oldest: null, newest: null };
const causes = [
  {
    code: 'trigger_disabled',
    message: 'a trigger is disabled',
    fix: `alter table ${'auth_'.repeat(30)} enable trigger x;`,
  },
];
const thousand = runsEvery(5, 1000, (index) =>
  index % 9 === 0 ? found(index, index % 2) : index % 50 === 3 ? lost('failed', 'connection_refused') : {},
);
/** By name. */
export const SCENES: Record<string, Scene> = {
  empty: { runs: [], reports: [], answer: '… Waiting for the first run', marks: {} },
  'in sync': {
    runs: runsEvery(5, 100),
    reports: [
      repairedReport({
        verdict: 'in_sync',
        drift: nobody,
        repair: sampleReport().repair,
        runId: runsEvery(5, 100).at(-1)?.runId ?? '',
      }),
    ],
    answer: '✓ All 47,334 expected users are in public.users',
    marks: { calm: 1, done: 100 },
  },
  drift: {
    runs: runsEvery(5, 6, (index) => (index < 3 ? {} : found(300 - index, 4))),
    reports: [unrepairedReport({ causes }), sampleReport({ causes })],
    answer: '✗ 4 users are missing from public.users',
    marks: { left: 1, found: 3, done: 6 },
  },
  failing: {
    runs: [
      ...runsEvery(5, 40),
      ...runsEvery(5, 40, () => lost('failed', 'connection_refused'), Date.parse('2026-11-03T03:22:00Z')),
    ],
    reports: [
      blindReport({
        verdict: 'failed',
        exitCode: 1,
        reason: { code: 'connection_refused', message: 'no answer', fix: null },
      }),
    ],
    answer: '✗ Nothing has been proved about public.users for 3 hours',
    marks: { calm: 1, failed: 40 },
  },
  'two weeks': {
    runs: twoWeeks(),
    reports: [],
    answer: '✓ All expected users are in public.users',
    marks: { found: 20, failed: 2, stopped: 1, gap: 1, left: 1 },
  },
  'a thousand runs': {
    runs: thousand,
    reports: [],
    answer: '✗ 1 user is missing from public.users',
    marks: { found: 60, failed: 15, left: 1 },
  },
  'two targets': {
    runs: twoWeeks().map((run, index) => ({ ...run, target: index % 2 === 0 ? 'public.users' : 'public.crew' })),
    reports: [repairedReport(), unrepairedReport({ target: 'public.crew' })],
    title: '✗ 1 of 2 targets',
    answer: '✓ All expected users are in public.users',
    marks: { found: 20 },
  },
  'hostile names': {
    runs: runsEvery(5, 9, () => ({ ...found(3, 1), target: HOSTILE, reason: HOSTILE, shard: HOSTILE })),
    reports: [
      unrepairedReport({
        target: HOSTILE,
        causes: [{ code: HOSTILE, message: HOSTILE, fix: HOSTILE }],
        failures: [{ id: null, op: 'insert', code: '23505', constraint: HOSTILE, column: HOSTILE }],
      }),
    ],
    answer: '✗ 1 user is missing from public."<script>alert(1)</script>',
    marks: { left: 1, found: 9 },
  },
};

/** The page of a scene, two minutes after its last run. */
export function pageOf({ runs, reports }: Scene): string {
  const now = nowAfter(runs);
  const lines =
    reports.length === 0 ? [lineOf(0, null, now)] : reports.map((report, index) => lineOf(index, report, now));
  return renderPage({
    status: { startedAt: runs[0]?.startedAt ?? now, lines, runs },
    health: {
      healthy: true,
      lastGoodAt: null,
      ageSeconds: 5,
      maxAgeSeconds: 900,
      why: 'no good run yet since the start',
    },
    maxAgeMs: () => 900_000,
    next: () => new Date(Date.parse(now) + 180_000).toISOString(),
    now,
    version: '0.1.0',
  });
}

/** Two minutes after the last run, ISO 8601. */
export function nowAfter(runs: readonly PastRun[]): string {
  return new Date(Date.parse(runs.at(-1)?.startedAt ?? '2026-11-16T12:00:00Z') + 120_000).toISOString();
}

function lineOf(index: number, report: Report | null, now: string): LineStatus {
  const [startedAt, command] = [now, report?.command ?? 'sync'];
  const ending = { exitCode: report?.exitCode ?? 0, signal: null, examination: null, trouble: null };
  return {
    number: index + 1,
    time: '2-59/5 * * * *',
    timeZone: 'America/Argentina/ComodRivadavia',
    command,
    shown: `${command} --quiet --target ${report?.target ?? 'public.users'}`,
    runningSince: null,
    last: report && { line: index + 1, command, startedAt, durationMs: 3000, report, ...ending },
    lastGoodAt: null,
    target: report?.target ?? null,
  };
}
