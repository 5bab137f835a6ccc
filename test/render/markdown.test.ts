import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cell, code, prose, table } from '../../src/render/markdown.ts';

describe('code', () => {
  test.each([
    ['public.users', '`public.users`'],
    ['a`b', '``a`b``'],
    ['``', '``` `` ```'],
    ['`x`', '`` `x` ``'],
    ['a\nb', '`a b`'],
    ['', ''],
    ['  ', ''],
  ])('%j', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test('ends where it is meant to end, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', 'a', ' ', '\n', '|', '\\', '@') }), (text) => {
        const span = code(text);
        if (span === '') return;
        // CommonMark 6.1: it ends at the first run of backticks that is as long as the one it began with.
        const [fence = ''] = /^`+/.exec(span) ?? [];
        const runs = (span.slice(fence.length).match(/`+/g) ?? []).filter((run) => run.length === fence.length);
        expect(runs).toHaveLength(1);
        expect(span.endsWith(fence)).toBe(true);
        expect(span).not.toContain('\n');
      }),
    );
  });
});

describe('prose', () => {
  test.each([
    ['trigger on_auth_user_created on auth.users', 'trigger on_auth_user_created on auth.users'],
    ['_a_ *b* ~c~ `d` [e](f) $g$ |', '\\_a\\_ \\*b\\* \\~c\\~ \\`d\\` \\[e\\](f) \\$g\\$ \\|'],
    ['<img src=x> &amp;', '&lt;img src=x&gt; &amp;amp;'],
    ['@everyone', '@\u200beveryone'],
    ['see #12, GH-3', 'see #\u200b12, GH-\u200b3'],
    ['https://evil.example www.evil.example', 'https:\u200b//evil.example ww\u200bw.evil.example'],
    ['a@b.example', 'a@\u200bb.example'],
    ['# head', '\\#\u200b head'],
    ['- item', '\\- item'],
    ['12. item', '12\\. item'],
    ['a\r\n\r\n    b', 'a b'],
    ['\\', '\\\\'],
  ])('%j', (text, expected) => {
    expect(prose(text)).toBe(expected);
  });
});

test('a bar ends a cell even in a code span', () => {
  expect(cell(`a\nb ${code('x|y')}`)).toBe('a b `x\\|y`');
  expect(table(['A', 'B'], [['x|', '1']], '-:')).toEqual(['| A | B |', '| --- | ---: |', '| x\\| | 1 |']);
});
