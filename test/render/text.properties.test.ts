import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderText } from '../../src/render/text.ts';
import type { Report } from '../../src/report.ts';
import { anyReport, hostileName, plainName } from './any-report.ts';
import { ID, sampleReport } from './sample-report.ts';

const RUNS = { numRuns: 300 };
// Most of what can go wrong goes wrong at the narrow end.
const width = fc.oneof(fc.integer({ min: 40, max: 160 }), fc.integer({ min: 40, max: 48 }));
const WIDE = { color: false, unicode: true, width: 400, verbose: true };
const PARENTS = ['auth.users', 'scanned', 'Failures'];

/** The sums that a text shows: each parent's number, and those of the rows below it. */
function sums(text: string): Map<string, { total: number; parts: number[] }> {
  const found = new Map<string, { total: number; parts: number[] }>();
  let current: { total: number; parts: number[] } | undefined;
  for (const line of text.split('\n')) {
    const [, indent = '', label = '', figure = ''] = /^( +)(\S.*?) {2,}([\d,]+)(?: {3}|$)/.exec(line) ?? [];
    const value = Number(figure.replaceAll(',', ''));
    if (PARENTS.includes(label) && indent.length === 2) {
      current = { total: value, parts: [] };
      found.set(label, current);
    } else if (indent.length === 4) current?.parts.push(value);
  }
  return found;
}

function numberOf(figure = ''): number {
  return Number(figure.replaceAll(',', ''));
}

describe('renderText', () => {
  test('shows tables that add up, whatever was counted', () => {
    fc.assert(
      fc.property(anyReport(plainName), (any) => {
        const report = { ...any, source: { ...any.source, name: 'auth.users' }, target: 'public.users', users: null };
        const found = sums(renderText({ ...report, statement: null }, WIDE));
        expect(found.has('auth.users')).toBe(report.source.total !== null);
        expect(found.has('scanned')).toBe(report.repair.scanned > 0);
        expect(found.has('Failures')).toBe(report.failuresTotal > 0);
        for (const { total, parts } of found.values()) {
          expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total);
          if (total > 0) expect(parts).not.toContain(0);
        }
      }),
      RUNS,
    );
  });

  test('breaks the missing down into numbers that add up', () => {
    fc.assert(
      fc.property(anyReport(fc.stringMatching(/^[a-z]{1,10}$/)), width, (any, columns) => {
        fc.pre(any.drift.missingByTime !== null && !!any.drift.missing);
        const report: Report = { ...any, verdict: 'drift', users: null, causes: [], sample: [], statement: null };
        const text = renderText(report, { ...WIDE, width: columns });
        const [, chart = ''] = /Missing by (?:day|month|year)\b([^▇]*(?:[ \d,a-z-]+▇+\n)+)/.exec(text) ?? [];
        const rows = [...chart.matchAll(/ ([\d,]+) {2}▇+$/gm)].map(([, figure]) => numberOf(figure));
        expect(rows.reduce((sum, row) => sum + row, 0)).toBe(report.drift.missing);
        if (!report.drift.missingByProvider) return;
        const [, list = ''] = /Missing by provider\s+([^:]*?)\n(?:\n| {2}\S)/.exec(text) ?? [];
        const providers = list.split(/,\s+/).map((each) => numberOf(/ ([\d,]+)$/.exec(each.trim())?.[1]));
        expect(providers.reduce((sum, each) => sum + each, 0)).toBe(report.drift.missing);
      }),
      RUNS,
    );
  });

  test('keeps every line within the width when no word is longer, but for what is there to be copied', () => {
    fc.assert(
      fc.property(anyReport(plainName), width, fc.boolean(), fc.boolean(), (report, columns, unicode, verbose) => {
        const text = renderText(report, { color: false, unicode, width: columns, verbose });
        const prose = text
          .split('\n')
          .filter((line) => !/^Next: |^ *(Usual|Likely cause|Risk|Warning)? *fix: /.test(line));
        expect(prose.filter((line) => [...line].length > columns)).toEqual([]);
      }),
      RUNS,
    );
  });

  test('never cuts an id, nor a long name at a narrow width', () => {
    const long = 'a_table_that_somebody_gave_a_name_of_sixty_three_letters_in_all';
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 160 }), (columns) => {
        const text = renderText(sampleReport({ target: long }), { color: false, unicode: true, width: columns });
        expect(text).toContain(ID);
        expect(text).toContain(long);
      }),
    );
  });

  test('is the same text with colour, and has no escape sequence without', () => {
    fc.assert(
      fc.property(anyReport(hostileName), width, (report, columns) => {
        const look = { unicode: true, width: columns };
        const plain = renderText(report, { ...look, color: false });
        const colored = renderText(report, { ...look, color: true });
        expect(plain).not.toContain('\u001b');
        expect(colored).toContain('\u001b[');
        expect(stripVTControlCharacters(colored)).toBe(plain);
      }),
      RUNS,
    );
  });

  test('is pure ASCII without UTF-8', () => {
    fc.assert(
      fc.property(anyReport(hostileName), width, (report, columns) => {
        const text = renderText(report, { color: false, unicode: false, width: columns, verbose: true });
        expect(text).toMatch(/^[\x20-\x7e\n]*$/);
      }),
      RUNS,
    );
  });

  test('lets no name act on a terminal or a CI log', () => {
    fc.assert(
      fc.property(anyReport(hostileName), width, fc.boolean(), (report, columns, unicode) => {
        const text = renderText(report, { color: false, unicode, width: columns, verbose: true });
        expect(text.replaceAll('\n', '')).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(text).not.toMatch(/^\s*::/m);
        expect(text).not.toMatch(/##\w*\[/);
      }),
      RUNS,
    );
  });

  test('ends with the line to grep for', () => {
    fc.assert(
      fc.property(anyReport(hostileName), (report) => {
        const lines = renderText(report, { ...WIDE, verbose: false }).split('\n');
        expect(lines.at(-1)).toBe('');
        expect(lines.at(-2)).toMatch(new RegExp(`^${report.verdict}, exit ${report.exitCode}, .*, run A2B3C4D5$`));
      }),
    );
  });
});
