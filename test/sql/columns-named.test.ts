import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AUTH_USERS_COLUMNS } from '../../src/sql/auth-users.ts';
import { columnsNamed } from '../../src/sql/columns-named.ts';
import { ident } from '../../src/sql/name.ts';

const KNOWN = ['id', 'email', 'phone', 'Odd"Name', 'raw_user_meta_data'];
const named = (...expressions: string[]) => columnsNamed(expressions, KNOWN);

describe('the columns that an expression names', () => {
  test.for<[string, string[]]>([
    ['u.email', ['email']],
    ['email', ['email']],
    ['U . EMAIL', ['email']],
    ['"u"."email"', ['email']],
    ['u."EMAIL"', []],
    ['u."Odd""Name"', ['Odd"Name']],
    ['(u.id)::text || /* u.phone */ u.email -- u.phone', ['id', 'email']],
    [`u.raw_user_meta_data->>'phone'`, ['raw_user_meta_data']],
    [`'it''s u.phone' || u.email`, ['email']],
    [`e'it\\'s u.phone' || u.email`, ['email']],
    ['$$u.phone$$ || $a$ $$ u.phone $a$ || u.email', ['email']],
    ['coalesce(u.phone,u.email)', ['email', 'phone']],
    [`'unfinished u.email`, ['email']],
  ])('%s', ([expression, columns]) => {
    expect(named(expression)).toEqual({ columns, wholeRow: false });
  });

  test('of several are in the order of the table', () => {
    expect(named('u.phone', 'u.id').columns).toEqual(['id', 'phone']);
  });

  test('are never fewer than what is read, whatever stands around them', () => {
    const noise = fc.constantFrom(
      ' ',
      '\n',
      '(',
      ')',
      '||',
      `'u.x'`,
      `e'\\''`,
      '/* " */',
      `-- '\n`,
      '$$"$$',
      '$q$ $$ $q$',
      ',',
      '1',
    );
    const column = fc.constantFrom(...AUTH_USERS_COLUMNS);
    const reference = column.chain((name) =>
      fc.constantFrom(
        { name, sql: ` u.${name} ` },
        { name, sql: ` u.${ident(name)} ` },
        { name, sql: ` ${name.toUpperCase()} ` },
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(noise, reference, noise)), (parts) => {
        const expression = parts.map(([before, { sql }, after]) => before + sql + after).join('');
        const read = new Set(parts.map(([, { name }]) => name));
        const { columns, wholeRow } = columnsNamed([expression], AUTH_USERS_COLUMNS);
        expect(columns).toEqual(AUTH_USERS_COLUMNS.filter((name) => read.has(name)));
        expect(wholeRow).toBe(false);
      }),
    );
  });
});

describe('the row as a whole', () => {
  test.for(['to_jsonb(u)', 'u', 'u::text', 'row(u.*)', '(u).email', 'count("u")', 'u . *'])(
    'is read by %s',
    (expression) => {
      expect(named(expression).wholeRow).toBe(true);
    },
  );

  test.for(['u.id', `'u'`, '-- u\n1', 'u2', '"U"', 'u$x', '$u$u$u$'])('is not read by %s', (expression) => {
    expect(named(expression).wholeRow).toBe(false);
  });
});
