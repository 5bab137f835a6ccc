import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { printable, printableReport } from '../../src/render/printable.ts';
import { hostileName } from './any-report.ts';
import { sampleReport } from './sample-report.ts';

describe('printable', () => {
  test.each([
    ['public.users', 'public.users'],
    ['público.用户', 'público.用户'],
    ['a\nb', 'a\\u{a}b'],
    ['\u001b[31m', '\\u{1b}[31m'],
    ['\u009b31m', '\\u{9b}31m'],
    ['\u202eabc\u2066', '\\u{202e}abc\\u{2066}'],
    ['a\u2028b\u2029c\u0085d', 'a\\u{2028}b\\u{2029}c\\u{85}d'],
    ['no\u00a0break\u3000wide', 'no\\u{a0}break\\u{3000}wide'],
    ['\ud800', '\\u{d800}'],
    ['::error::x', '\\u{3a}:error::x'],
    ['u.id::text ::stop::', 'u.id::text \\u{3a}:stop::'],
    ['a##[error]', 'a#\\u{23}[error]'],
    ['##vso[x]', '#\\u{23}vso[x]'],
    ['## heading', '## heading'],
  ])('%j', (text, shown) => {
    expect(printable(text, true)).toBe(shown);
  });

  test('escapes all but ASCII without UTF-8', () => {
    expect(printable('é😀 ok', false)).toBe('\\u{e9}\\u{1f600} ok');
  });

  test('is at most max long, and tears no escape apart', () => {
    expect(printable('x'.repeat(20), true, 10)).toBe('xxxxxxx...');
    expect(printable('xxx\u202e\u202e', true, 10)).toBe('xxx...');
    fc.assert(
      fc.property(hostileName, fc.integer({ min: 10, max: 50 }), fc.boolean(), (text, max, unicode) => {
        const shown = printable(text, unicode, max);
        expect([...shown].length).toBeLessThanOrEqual(max);
        if (!text.includes('\\')) expect(shown).not.toMatch(/\\(?!u\{[0-9a-f]+\})/);
      }),
    );
  });
});

describe('printableReport', () => {
  test('cleans every string, however deep, and changes nothing else', () => {
    const dirty = sampleReport({ target: 'a\nb', warnings: [{ code: 'x', message: '\u202e', fix: null }] });
    const clean = sampleReport({ target: 'a\\u{a}b', warnings: [{ code: 'x', message: '\\u{202e}', fix: null }] });
    expect(printableReport(dirty, true)).toEqual(clean);
  });

  test('leaves a statement its lines', () => {
    const { statement } = printableReport(sampleReport({ statement: 'select\n\t1\r\n  ::text' }), true);
    expect(statement).toBe('select\n  1\\u{d}\n  \\u{3a}:text');
  });

  test('has room for prose, less for names', () => {
    const long = 'x'.repeat(400);
    const shown = printableReport(
      sampleReport({ target: long, reason: { code: 'x', message: long, fix: long } }),
      true,
    );
    expect(shown.target).toHaveLength(160);
    expect(shown.reason).toEqual({ code: 'x', message: long, fix: long });
  });
});
