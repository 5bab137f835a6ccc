import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderJson } from '../../src/render/json.ts';
import { anyReport, HOSTILE, hostileName } from './any-report.ts';
import { sampleReport } from './sample-report.ts';

describe('renderJson', () => {
  test('is one document on one line, and the same data', () => {
    fc.assert(
      fc.property(anyReport(hostileName), (report) => {
        const json = renderJson(report);
        expect(json.indexOf('\n')).toBe(json.length - 1);
        // As JSON has it: -0 is 0.
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(report)));
      }),
    );
  });

  test('writes every hidden character as an escape', () => {
    fc.assert(
      fc.property(anyReport(hostileName), (report) => {
        expect(renderJson(report).trimEnd()).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]|##\w*\[/u);
      }),
    );
  });

  test.each(HOSTILE)('keeps %j', (target) => {
    expect(JSON.parse(renderJson(sampleReport({ target }))).target).toBe(target);
  });

  test('leaves letters of all languages alone', () => {
    expect(renderJson(sampleReport({ target: 'público.用户 😀' }))).toContain('"target":"público.用户 😀"');
  });

  test('writes what lies beyond U+FFFF as a pair', () => {
    expect(renderJson(sampleReport({ target: '\u{e0041}' }))).toContain('"target":"\\udb40\\udc41"');
  });
});
