import fc from 'fast-check';
import { expect, test } from 'vitest';
import { display, ident, literal, parseName, qualified } from '../../src/sql/name.ts';

test.each([
  ['users', 'public', 'users'],
  ['Public.Users', 'public', 'users'],
  ['public."Profile"', 'public', 'Profile'],
  ['"my schema"."a ""quoted"" name"', 'my schema', 'a "quoted" name'],
  [' app . users ', 'app', 'users'],
  ['"a.b".c', 'a.b', 'c'],
])('%s is %s . %s', (text, schema, name) => {
  expect(parseName(text)).toEqual({ schema, name });
});

test.each(['', '.', 'a.b.c', 'a b', 'users;', '"open', "us'ers", '1users', 'public.', '""', 'a--b'])(
  '%j is no name',
  (text) => {
    expect(parseName(text)).toBeNull();
  },
);

test('what is displayed reads back as the same name', () => {
  const part = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(part, part, (schema, name) => {
      expect(parseName(qualified({ schema, name }))).toEqual({ schema, name });
      expect(parseName(display({ schema, name }))).toEqual({ schema, name });
    }),
  );
});

test('quotes close nothing early', () => {
  expect(ident('a"; drop table users; --')).toBe('"a""; drop table users; --"');
  expect(literal("it's")).toBe("'it''s'");
});
