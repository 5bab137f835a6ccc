import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { driftChart } from '../../src/render/drift-chart.ts';
import { renderSummary } from '../../src/render/summary.ts';
import { anyRun, GOOD_RUN } from '../history/any-run.ts';
import { hostileName } from './any-report.ts';
import { sampleReport } from './sample-report.ts';

/** Runs an hour apart. */
const series = (...missing: (number | null)[]) =>
  missing.map((count, hour) => ({
    ...GOOD_RUN,
    startedAt: new Date(Date.UTC(2026, 10, 14, hour)).toISOString(),
    missing: count,
  }));

interface Chart {
  x: { title: string; from: number; to: number };
  y: { title: string; from: number; to: number };
  bars: number[];
}

const NUMBER = String.raw`(\d+)`;
const AXIS = (name: string) => new RegExp(String.raw`^ {2}${name} "([^"\`\n;%]+)" ${NUMBER} --> ${NUMBER}$`);

/**
 * Reads the one Mermaid block in a text by the grammar of its xychart, as far as a chart of ours may use it: the keyword, two
 * axes with a quoted title and a range of whole numbers, and one row of bars.
 */
function parseChart(text: string): Chart {
  const [, body, ...others] = /(?<=^|\n)```mermaid\n([^`]*)\n```(?=\n|$)/.exec(text) ?? [];
  expect(others).toEqual([]);
  const [keyword, x, y, bars, ...rest] = (body ?? '').split('\n');
  expect([keyword, rest]).toEqual(['xychart-beta', []]);
  const axis = (name: string, line = '') => {
    const [, title = '', from, to] = AXIS(name).exec(line) ?? expect.fail(`no ${name}: ${line}`);
    return { title, from: Number(from), to: Number(to) };
  };
  const [, list = ''] = /^ {2}bar \[(\d+(?:, \d+)*)\]$/.exec(bars ?? '') ?? expect.fail(`no bars: ${bars}`);
  return { x: axis('x-axis', x), y: axis('y-axis', y), bars: list.split(', ').map(Number) };
}

describe('the chart of drift', () => {
  it('has a bar for each run that counted everybody, under the time that they span', () => {
    expect(parseChart(driftChart(series(0, 3, null, 214, 0)))).toEqual({
      x: { title: 'runs, 2026-11-14 00:00 to 2026-11-14 04:00 UTC', from: 1, to: 4 },
      y: { title: 'missing users', from: 0, to: 214 },
      bars: [0, 3, 214, 0],
    });
  });

  it('is a sentence where nobody was missing, and nothing where there is no course to see', () => {
    expect(driftChart(series(0, 0, 0))).toMatch(/^Nobody was missing in any of the last 3 runs \(.* UTC\)\.$/);
    for (const runs of [[], series(5), series(5, 6), series(5, null, 6)]) expect(driftChart(runs)).toBe('');
  });

  it('is a chart that Mermaid can read, with the last thirty at the most, whatever the runs were', () => {
    fc.assert(
      fc.property(fc.array(anyRun(hostileName), { maxLength: 90, size: 'max' }), (runs) => {
        const text = driftChart(runs);
        if (!text.includes('```')) return;
        const { x, y, bars } = parseChart(text);
        expect(bars.length).toBe(x.to);
        expect([x.from, y.from]).toEqual([1, 0]);
        expect(bars.length).toBeGreaterThanOrEqual(3);
        expect(bars.length).toBeLessThanOrEqual(30);
        expect(Math.max(...bars)).toBe(y.to);
      }),
    );
  });

  it('stands in the summary of a job before its last line', () => {
    const report = sampleReport();
    const summary = renderSummary(report, series(1, 2, 3));
    expect(summary.replace(`${driftChart(series(1, 2, 3))}\n\n`, '')).toBe(renderSummary(report));
    expect(summary).toMatch(/```\n\nAll of the past: `userdrift history`\n\n<sub>.*<\/sub>\n\n$/);
  });
});
