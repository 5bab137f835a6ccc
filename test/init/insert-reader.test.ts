import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Insert, insertsInto, readCode } from '../../src/init/insert-reader.ts';

const USERS = { schema: 'public', name: 'users' };

/** The one insert of a function, as `column: value`, or why it was not read. */
function read(body: string): Record<string, string | null> | string {
  const [insert, ...others] = insertsInto(readCode(body), USERS);
  if (!insert || others.length > 0) return `${others.length + (insert ? 1 : 0)} inserts`;
  return 'why' in insert ? insert.why : valuesOf(insert);
}

function valuesOf({ columns }: Insert): Record<string, string | null> {
  return Object.fromEntries(columns.map(({ name, value }) => [name, value?.map(({ raw }) => raw).join(' ') ?? null]));
}

describe('reads', () => {
  test.each<[string, string, Record<string, string | null>]>([
    [
      'values',
      'insert into public.users (id, email) values (new.id, new.email);',
      { id: 'new . id', email: 'new . email' },
    ],
    [
      'a select of values',
      'insert into users (id, a) select new.id, coalesce(new.x, 1) on conflict do nothing;',
      { id: 'new . id', a: 'coalesce ( new . x , 1 )' },
    ],
    [
      'values with aliases',
      'insert into users (id, a) select new.id as id, cast(new.x as text) as y;',
      { id: 'new . id', a: 'cast ( new . x as text )' },
    ],
    [
      'quoted names',
      'INSERT INTO "public"."users" ("Id", "a, b") VALUES (NEW.id, \'x)\');',
      { Id: 'NEW . id', 'a, b': "'x)'" },
    ],
    [
      'a default',
      'insert into public.users (id, a) values (new.id, default) returning id into x;',
      { id: 'new . id', a: null },
    ],
    [
      'past comments',
      '-- insert into users (id) values (1);\ninsert /* x, */ into users (id /* y */) values (new.id -- ;\n);',
      { id: 'new . id' },
    ],
    [
      'past comments in comments',
      "/* was: /* once */ insert into users (id, a) values (new.id, 'admin'); */ insert into users (id) values (new.id);",
      { id: 'new . id' },
    ],
    [
      'commas within',
      "insert into users (id, a) values (new.id, (array['a', 'b'])[1]);",
      { id: 'new . id', a: "( array [ 'a' , 'b' ] ) [ 1 ]" },
    ],
    [
      'a comparison',
      'insert into users (id, a) select new.id, new.x is distinct from new.y;',
      { id: 'new . id', a: 'new . x is distinct from new . y' },
    ],
    [
      'a from within a call',
      'insert into users (id, a) select new.id, extract(epoch from new.x);',
      { id: 'new . id', a: 'extract ( epoch from new . x )' },
    ],
  ])('%s', (_, body, expected) => expect(read(body)).toEqual(expected));
});

describe('leaves unread', () => {
  test.each([
    ['no columns', 'insert into users values (new.id);', 'it does not list its columns'],
    ['two rows', 'insert into users (id) values (new.id), (new.id);', 'it inserts more than one row'],
    [
      'rows of a table',
      'insert into users (id, a) select new.id, t.a from t where t.id = new.id;',
      'it selects its values from other rows, or for some users only',
    ],
    [
      'a condition',
      'insert into users (id) select new.id where new.email is not null;',
      'it selects its values from other rows, or for some users only',
    ],
    [
      'distinct values',
      'insert into users (id) select distinct new.id;',
      'it selects its values from other rows, or for some users only',
    ],
    [
      'a union',
      'insert into users (id) select new.id union select new.id;',
      'it selects its values from other rows, or for some users only',
    ],
    ['default values', 'insert into users (id) default values;', 'it takes its values from elsewhere'],
    [
      'overriding',
      'insert into users (id) overriding system value values (new.id);',
      'it takes its values from elsewhere',
    ],
    ['too few values', 'insert into users (id, a) values (new.id);', 'its columns and values do not pair up'],
    [
      'an expression as a column',
      'insert into users (id, a[1]) values (new.id, 2);',
      'its columns and values do not pair up',
    ],
    [
      'an insert within',
      'with x as (insert into users (id) values (new.id)) select 1;',
      'it inserts more than one row',
    ],
    ['no end', 'insert into users (id) values (new.id', 'it inserts more than one row'],
    ['two of them', 'insert into users (id) values (1); insert into public.users (id) values (2);', '2 inserts'],
    ['another schema', 'insert into app.users (id) values (1);', '0 inserts'],
    ['what is quoted', "execute 'insert into users (id) values (1);';", '0 inserts'],
    ['a table without a name', 'insert into (id) values (1);', '0 inserts'],
  ])('%s', (_, body, why) => expect(read(body)).toBe(why));

  test('anything at all, without an error', () => {
    const word = fc.constantFrom(
      'insert',
      'into',
      'users',
      '(',
      ')',
      ',',
      'values',
      'select',
      'new.id',
      "'",
      '"',
      '$$',
      '--',
      ';',
      '[',
      'as',
    );
    fc.assert(fc.property(fc.array(word), (words) => void read(words.join(' '))));
  });
});

test('tells branches, and a new row that is changed before', () => {
  expect(readCode('begin if x then return new; end if; end')).toMatchObject({ branches: true, changesNew: false });
  expect(readCode('begin new.email := lower(new.email); end')).toMatchObject({ branches: false, changesNew: true });
  expect(readCode("begin NEW.email = 'x'; end")).toMatchObject({ changesNew: true });
  expect(readCode("begin if new.email = 'x' and x = new.phone then new := old; end if; end").changesNew).toBe(true);
  expect(readCode("begin if new.email = 'x' and x = new.phone then return new; end if; end").changesNew).toBe(false);
  expect(readCode("begin case new.aud when 'a' then return new; end case; end").branches).toBe(true);
  expect(readCode("begin x := case new.aud when 'a' then 1 else 2 end; end").branches).toBe(false);
  expect(readCode('begin select lower(new.email) into new.email; end').changesNew).toBe(true);
  expect(readCode("begin -- if\n perform 'if loop'; end")).toMatchObject({ branches: false, changesNew: false });
});
