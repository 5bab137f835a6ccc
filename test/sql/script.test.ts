import { describe, expect, test } from 'vitest';
import { AUTH_USERS_COLUMNS } from '../../src/sql/auth-users.ts';
import { dollarQuoted } from '../../src/sql/dollar-quote.ts';
import { comment, script } from '../../src/sql/script.ts';
import { createDatabase } from '../support/database.ts';

describe('a comment', () => {
  test('is not ended by anything in it, and hides nothing', () => {
    const text = comment(['a\nb; drop table x;\r\n\u2028c\u202e\u0007', ' list\nitem']);
    expect(text).toBe('-- a b; drop table x; c\n--  list item');
  });

  test('wraps paragraphs and leaves lists as they are', () => {
    const text = comment([`${'word '.repeat(60)}end`, `  ${'word '.repeat(60)}end`]);
    const lines = text.split('\n');
    expect(lines.slice(0, -1).every((line) => line.length <= 120)).toBe(true);
    expect(lines.at(-1)).toHaveLength(308);
    expect(text.match(/word/g)).toHaveLength(120);
  });

  test('keeps a word that is longer than a line', () => {
    expect(comment(['x'.repeat(200)])).toBe(`-- ${'x'.repeat(200)}`);
  });
});

test('a dollar quote has a tag that does not occur in what it quotes', () => {
  expect(dollarQuoted('a $$ b')).toBe('$userdrift$\na $$ b\n$userdrift$');
  expect(dollarQuoted('$userdrift$ $userdrift_2$')).toBe('$userdrift_3$\n$userdrift$ $userdrift_2$\n$userdrift_3$');
});

test('a header tells what made it, and every note', () => {
  const origin = { version: '1.2.3', notes: ['first', 'second'] };
  const text = script({ what: 'x', mapping: null, about: ['About.'] }, origin, ['select 1;']);
  expect(text).toBe(
    '-- userdrift sql x: userdrift 1.2.3\n--\n-- About.\n--\n-- NOTE: first\n--\n-- NOTE: second\n\nselect 1;\n',
  );
});

test('the columns of auth.users are those of the auth server', async () => {
  const db = await createDatabase();
  const rows = await db.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = 'auth.users'::regclass and attnum > 0 order by attnum`,
  );
  expect(rows.map(({ name }) => name)).toEqual(AUTH_USERS_COLUMNS);
  await db.drop();
});
