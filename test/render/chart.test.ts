import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { found, lost, pastRun, runsEvery, twoWeeks } from '../../scripts/sample-runs.ts';
import type { PastRun } from '../../src/past-run.ts';
import { chartOf, SIZES } from '../../src/render/page/chart.ts';
import { tickLabels } from '../../src/render/page/times.ts';
import { anyHistory } from './any-past-run.ts';

const nowAfter = (runs: readonly PastRun[], minutes = 2) =>
  new Date(Date.parse(runs.at(-1)?.startedAt ?? '2026-11-16T12:00:00.000Z') + minutes * 60_000).toISOString();

/** The drawing for a wide page, and the words below it. */
function chart(runs: readonly PastRun[], minutes?: number) {
  const drawn = chartOf(runs, nowAfter(runs, minutes), 'c');
  return { svg: String(drawn?.drawings[0]), legend: String(drawn?.legend), summary: drawn?.summary.join(' ') };
}

const count = (text: string, part: string) => text.split(part).length - 1;
/** Heights of the bars of found users, in coordinates. */
const heights = (svg: string) =>
  [...svg.matchAll(/class="found"[^>]* height="([\d.]+)"/g)].map(([, height]) => Number(height));

describe('the chart', () => {
  test('of no run is none', () => {
    expect(chartOf([], '2026-11-16T12:00:00.000Z', 'c')).toBeNull();
  });

  test('stays within its frame, whatever the history', () => {
    fc.assert(
      fc.property(anyHistory, fc.nat(1_000_000), (runs, minutes) => {
        const drawn = chartOf(runs, nowAfter(runs, minutes), 'c');
        for (const [index, drawing] of (drawn?.drawings ?? []).entries()) {
          const svg = String(drawing);
          expect(svg).not.toMatch(/NaN|undefined|Infinity|null|e-\d/);
          const { width = 0, height = 0 } = SIZES[index] ?? {};
          for (const [, name, value] of svg.matchAll(/ (x|y|x1|x2|y1|y2)="([^"]*)"/g)) {
            expect(Number(value), name).toBeGreaterThanOrEqual(0);
            expect(Number(value), name).toBeLessThanOrEqual(name?.startsWith('x') ? width : height);
          }
          for (const [, value] of svg.matchAll(/ (?:width|height)="([^"]*)"/g))
            expect(Number(value)).toBeGreaterThan(0);
          for (const [, path = ''] of svg.matchAll(/class="(?:left|calm)" d="([^"]*)"/g)) {
            for (const [, x, y] of path.matchAll(/[ML]([\d.-]+),([\d.-]+)/g)) {
              expect(Number(x) >= 0 && Number(x) <= width && Number(y) >= 0 && Number(y) <= height, path).toBe(true);
            }
          }
        }
      }),
    );
  });

  test('of nobody missing is low and calm', () => {
    const { svg, legend, summary } = chart(runsEvery(5, 1000));
    expect(svg).toContain('viewBox="0 0 840 96"');
    expect(svg).toMatch(/<path class="calm" d="M[\d.,L]+"\/><text class="calm-label"[^>]*>0 missing</);
    expect(svg).not.toMatch(/class="(found|left|failed|stopped|gap)"/);
    expect([legend, summary]).toEqual(['', '1,000 runs since 2026-11-03 00:02 UTC: 0 missing in all of them.']);
  });

  test('says so where no run could count, and claims no zero', () => {
    const { svg, summary } = chart(runsEvery(5, 3, () => lost('failed', 'connection_refused')));
    expect(svg).toContain('>no run could count<');
    expect(svg).not.toContain('0 missing');
    expect(count(svg, 'class="failed"')).toBe(3);
    expect(summary).toBe(
      '3 runs since 2026-11-03 00:02 UTC: none of them could count. 3 runs failed or could not see.',
    );
  });

  test('ends the calm line where runs began to fail', () => {
    const { svg, summary } = chart(runsEvery(5, 20, (index) => (index < 10 ? {} : lost('failed', 'x'))));
    const [, end] = /class="calm" d="M[\d.]+,[\d.]+[^"]*L([\d.]+),[\d.]+"/.exec(svg) ?? [];
    expect(Number(end)).toBeGreaterThan(350);
    expect(Number(end)).toBeLessThan(480);
    expect(summary).toContain('0 missing in the 10 that counted');
  });

  test('draws what was repaired on top of what was left', () => {
    const { svg, legend } = chart([pastRun({ startedAt: '2026-11-16T12:00:00.000Z', ...found(100, 40) })]);
    const [, top] = /class="left" d="M[\d.]+,([\d.]+)/.exec(svg) ?? [];
    const [, y, height] = /class="found" x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/.exec(svg) ?? [];
    expect(Number(y) + Number(height)).toBeCloseTo(Number(top), 0);
    expect(Number(height) / (200 - Number(y))).toBeCloseTo(0.6, 1);
    expect(legend).toMatch(/found missing and repaired.*still missing after the run/);
  });

  test('shows one user beside thousands', () => {
    const { svg } = chart(runsEvery(60, 3, (index) => found(index === 1 ? 1 : 500_000)));
    expect(heights(svg)).toEqual([expect.any(Number), 3, expect.any(Number)]);
    expect(svg).toContain('>500K<');
  });

  test('of few users counts in whole ones', () => {
    const { svg } = chart(runsEvery(60, 3, () => found(1)));
    expect([...svg.matchAll(/class="axis end"[^>]*>([\d.]+)</g)].map(([, label]) => label)).toEqual(['0', '1']);
  });

  test('marks what failed, what was held back and when nothing ran, and tells each to whoever points at it', () => {
    const runs = twoWeeks();
    const { svg, legend, summary } = chart(runs);
    expect([count(svg, 'class="failed"'), count(svg, 'class="stopped"'), count(svg, 'class="gap"')]).toEqual([2, 1, 1]);
    expect(svg).toContain('<g class="gap"><title>nothing ran for 2 days</title>');
    expect(svg).toMatch(/<text class="middle"[^>]*>nothing ran<\/text><text class="middle"[^>]*>for 2 days<\/text>/);
    expect(svg).toMatch(/<title>2026-11-10 06:02 UTC: [^<]*at most 214 missing/);
    expect(count(legend, '<li>')).toBe(5);
    expect(summary).toBe(
      '281 runs since 2026-11-03 00:02 UTC: at most 214 missing at once (2026-11-10 06:02). 0 missing after the last count. 2 runs failed or could not see. 1 run held back: refused, interrupted or busy. Longest time without a run: 2 days, from 2026-11-07 22:02 UTC.',
    );
  });

  test('tells of one run its command, its verdict and its reason', () => {
    const { svg } = chart([pastRun(lost('refused', 'share_limit'))]);
    expect(svg).toContain('<title>2026-11-16 12:00 UTC: sync, refused, no count, share_limit</title>');
  });

  test('has a name, and its numbers in words, for whoever does not see it', () => {
    const { svg, summary } = chart(twoWeeks());
    expect(svg).toContain('role="img" aria-labelledby="c-wide-title c-wide-desc"');
    expect(svg).toContain('<title id="c-wide-title">Users missing, over time</title>');
    expect(svg).toContain(`<desc id="c-wide-desc">${summary}</desc>`);
  });

  test('says where runs saw a part of the users only, and what it leaves out', () => {
    const part = runsEvery(5, 40, () => ({ full: false, shard: '1/4' }));
    const old = pastRun({ startedAt: '2025-01-01T00:00:00.000Z' });
    expect(chart([old, ...part]).summary).toMatch(
      /Some runs looked at a part of the users only\. Not drawn: 1 run long before\.$/,
    );
  });
});

test('times of an axis say what their neighbours do not', () => {
  const at = (...times: string[]) => tickLabels(times.map((time) => new Date(time)));
  expect(at('2026-11-15T18:00Z', '2026-11-16T00:00Z', '2026-11-16T06:00Z')).toEqual(['18:00', '16 Nov', '06:00']);
  expect(at('2026-11-15T00:00Z', '2026-11-17T00:00Z')).toEqual(['15 Nov', '17 Nov']);
  expect(at('2026-11-01T00:00Z', '2026-12-01T00:00Z')).toEqual(['Nov 2026', 'Dec 2026']);
});
