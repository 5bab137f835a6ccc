import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lastSuccessIn, type MeasuredRun, measuredLine, measuredRun } from '../../src/render/measured-run.ts';
import { renderMetrics } from '../../src/render/metrics.ts';
import { printable } from '../../src/render/printable.ts';
import type { Report } from '../../src/report.ts';
import { isGood, type LineStatus, type Outcome } from '../../src/status.ts';
import { anyReport, hostileName } from './any-report.ts';
import { blindReport, repairedReport, sampleReport, unrepairedReport } from './sample-report.ts';

/** One sample of the text format: its labels, unescaped, and its value. */
interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** The text format read back as Prometheus reads it: a line that is none of it fails. */
function read(text: string): Record<string, Sample[]> {
  const samples: Record<string, Sample[]> = {};
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) \w+ [^\n]+$/.test(line)) continue;
    const [, name = '', labelText = '', value = ''] =
      /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? expect.fail(`no metric: ${line}`);
    const labels = Object.fromEntries(
      [...labelText.matchAll(/(\w+)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/g)].map(([, label = '', escaped = '']) => [
        label,
        unescaped(escaped),
      ]),
    );
    samples[name] ??= [];
    samples[name].push({ labels, value: value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value) });
  }
  return samples;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
}

async function metricsOf(report: Report, earlier = ''): Promise<Record<string, number>> {
  const samples = read(await renderMetrics([measuredRun(report, earlier)]));
  const plain = Object.entries(samples).filter(([name]) => name !== 'userdrift_verdict');
  return Object.fromEntries(plain.map(([name, [sample]]) => [name, sample?.value ?? Number.NaN]));
}

describe('the metrics of a run', () => {
  test('of a check with drift', async () => {
    expect(await metricsOf(sampleReport({ residual: { missing: null, stale: null, arrived: null } }))).toEqual({
      userdrift_drift_missing: 214,
      userdrift_oldest_missing_seconds: 8 * 86_400 + 4.5 * 3600 + 0.612,
      userdrift_run_duration_seconds: 0.612,
      userdrift_exit_code: 2,
      userdrift_last_run_timestamp_seconds: Date.parse('2026-11-16T12:00:00.612Z') / 1000,
    });
  });

  test('of a sync that repaired', async () => {
    expect(await metricsOf(repairedReport())).toMatchObject({
      userdrift_drift_missing: 214,
      userdrift_residual_missing: 0,
      userdrift_oldest_missing_seconds: 0,
      userdrift_repair_inserted: 211,
      userdrift_repair_failed: 0,
      userdrift_exit_code: 0,
      userdrift_last_success_timestamp_seconds: Date.parse('2026-11-16T12:00:03.420Z') / 1000,
    });
  });

  test('what was not measured is absent, and never 0', async () => {
    const names = Object.keys(await metricsOf(blindReport({ verdict: 'failed', exitCode: 1 })));
    expect(names.filter((name) => /missing|stale|repair|success/.test(name))).toEqual([]);
    expect(names).toContain('userdrift_exit_code');
  });

  test('a missing user of unknown age is older than any limit', async () => {
    const drift = { ...sampleReport().drift, oldest: null };
    expect((await metricsOf(sampleReport({ drift }))).userdrift_oldest_missing_seconds).toBe(Number.POSITIVE_INFINITY);
  });

  test('the verdict is a set of states, of which one is on', async () => {
    const { userdrift_verdict: states = [] } = read(await renderMetrics([measuredRun(unrepairedReport(), '')]));
    expect(states.filter(({ value }) => value === 1).map(({ labels }) => labels)).toEqual([
      { target: 'public.users', command: 'sync', verdict: 'unrepaired' },
    ]);
    expect(states.length).toBe(9);
  });

  test('any report at all can be read back, whatever its names are', async () => {
    await fc.assert(
      fc.asyncProperty(anyReport(hostileName), async (report) => {
        const samples = read(await renderMetrics([measuredRun(report, '')]));
        for (const { labels } of Object.values(samples).flat()) {
          expect([labels.target, labels.command]).toEqual([printable(report.target, true), report.command]);
        }
        expect(samples.userdrift_exit_code?.[0]?.value).toBe(report.exitCode);
        expect(samples.userdrift_drift_missing?.[0]?.value ?? null).toBe(report.drift.missing);
        expect(samples.userdrift_residual_missing?.[0]?.value ?? null).toBe(report.residual.missing);
        expect('userdrift_last_success_timestamp_seconds' in samples).toBe(isGood(report));
      }),
    );
  });
});

describe('the last success', () => {
  const success = Date.parse('2026-11-16T12:00:03.420Z') / 1000;

  test('survives runs that fail, for as long as they do', async () => {
    let text = await renderMetrics([measuredRun(repairedReport(), '')]);
    for (const report of [
      unrepairedReport(),
      blindReport({ command: 'sync', verdict: 'busy', exitCode: 0 }),
      unrepairedReport(),
    ]) {
      text = await renderMetrics([measuredRun(report, text)]);
      expect(lastSuccessIn(text, 'public.users', 'sync')).toBe(success);
    }
  });

  test('is of the same command against the same target only', async () => {
    const text = await renderMetrics([measuredRun(repairedReport(), '')]);
    expect(lastSuccessIn(text, 'public.users', 'check')).toBeNull();
    expect(lastSuccessIn(text, 'public.profiles', 'sync')).toBeNull();
  });

  test('is found whatever the target is called', async () => {
    await fc.assert(
      fc.asyncProperty(hostileName, async (target) => {
        const text = await renderMetrics([measuredRun(repairedReport({ target }), '')]);
        expect(lastSuccessIn(text, printable(target, true), 'sync')).toBe(success);
      }),
    );
  });

  test.each([
    '',
    'no metrics',
    'userdrift_last_success_timestamp_seconds{target="public.users",command="sync"} soon\n',
  ])('is not known from %j', (text) => {
    expect(lastSuccessIn(text, 'public.users', 'sync')).toBeNull();
  });
});

describe('the metrics of a schedule', () => {
  const line = (last: Partial<Outcome> | null, change: Partial<LineStatus> = {}): LineStatus => ({
    number: 1,
    time: '* * * * *',
    timeZone: 'UTC',
    command: 'sync',
    shown: 'sync',
    runningSince: null,
    last: last && {
      line: 1,
      command: 'sync',
      startedAt: '2026-11-16T12:00:00.000Z',
      durationMs: 2000,
      exitCode: 0,
      signal: null,
      report: null,
      examination: null,
      trouble: null,
      ...last,
    },
    lastGoodAt: null,
    target: null,
    ...change,
  });
  const textOf = async (...lines: LineStatus[]) =>
    read(await renderMetrics(lines.flatMap((each) => measuredLine(each) ?? [])));

  test('a line that has not run has none', () => {
    expect(measuredLine(line(null))).toBeNull();
  });

  test('a run that was killed is a failed one, with the target that was known', async () => {
    const killed = line(
      { exitCode: null, signal: 'SIGKILL', trouble: 'killed' },
      { target: 'public.users', lastGoodAt: '2026-11-16T11:00:00.000Z' },
    );
    const metrics = await textOf(killed);
    expect(metrics.userdrift_exit_code).toEqual([{ labels: { target: 'public.users', command: 'sync' }, value: 1 }]);
    expect(metrics.userdrift_verdict?.find(({ value }) => value === 1)?.labels.verdict).toBe('failed');
    expect(metrics.userdrift_last_success_timestamp_seconds?.[0]?.value).toBe(
      Date.parse('2026-11-16T11:00:00.000Z') / 1000,
    );
    expect(metrics.userdrift_drift_missing).toBeUndefined();
  });

  test('an alert has an exit code and no verdict', async () => {
    const metrics = await textOf(line({ command: 'alert', exitCode: 0 }, { command: 'alert' }));
    expect(metrics.userdrift_verdict).toBeUndefined();
    expect(metrics.userdrift_exit_code?.[0]?.value).toBe(0);
  });

  test('two lines of one command and target are one series: the later run, and the later success', async () => {
    const run = (endedAt: string, lastSuccess: number | null): MeasuredRun => ({
      ...measuredRun(unrepairedReport(), ''),
      endedAt,
      lastSuccess,
    });
    const text = await renderMetrics([run('2026-11-16T12:05:00.000Z', null), run('2026-11-16T12:00:00.000Z', 7)]);
    const metrics = read(text);
    expect(metrics.userdrift_last_run_timestamp_seconds?.map(({ value }) => value)).toEqual([
      Date.parse('2026-11-16T12:05:00.000Z') / 1000,
    ]);
    expect(metrics.userdrift_last_success_timestamp_seconds?.map(({ value }) => value)).toEqual([7]);
  });
});

test('the names and types are those that dashboards are built on', async () => {
  const text = await renderMetrics([]);
  expect(
    text
      .split('\n')
      .filter((line) => line.startsWith('# TYPE'))
      .map((line) => line.slice(7)),
  ).toMatchInlineSnapshot(`
    [
      "userdrift_drift_missing gauge",
      "userdrift_drift_stale gauge",
      "userdrift_residual_missing gauge",
      "userdrift_oldest_missing_seconds gauge",
      "userdrift_repair_inserted gauge",
      "userdrift_repair_refreshed gauge",
      "userdrift_repair_failed gauge",
      "userdrift_run_duration_seconds gauge",
      "userdrift_exit_code gauge",
      "userdrift_last_run_timestamp_seconds gauge",
      "userdrift_last_success_timestamp_seconds gauge",
      "userdrift_verdict gauge",
    ]
  `);
});
