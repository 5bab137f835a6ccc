import { expect, test } from 'vitest';
import type { Mapping } from '../../src/sql/mapping.ts';
import { mappingHash } from '../../src/sql/mapping-hash.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';

const hash = mappingHash(TEXTBOOK_MAPPING);
const { columns, skip } = TEXTBOOK_MAPPING;

test('it is the same on every machine and in every version that makes the same functions', () => {
  expect(hash).toBe('7db64d1e3fa78df3');
});

test.each<[string, Partial<Mapping>]>([
  ['the order of the columns', { columns: [...columns].reverse() }],
  ['what is refreshed', { refresh: [{ name: 'email', expression: 'u.email', type: 'text' }] }],
  ['a repair function', { repair: { schema: 'public', name: 'copy_user' } }],
])('%s changes nothing: no function is made from it', (_, change) => {
  expect(mappingHash({ ...TEXTBOOK_MAPPING, ...change })).toBe(hash);
});

test.each<[string, Partial<Mapping>]>([
  ['the source', { source: { schema: 'userdrift', name: 'auth_users' } }],
  ['the target', { target: { schema: 'public', name: 'profiles' } }],
  ['where a dot stands in a name', { target: { schema: 'public.users', name: '' } }],
  ['the key', { key: 'user_id' }],
  ['its type', { keyType: 'text' }],
  ['a column more', { columns: [...columns, { name: 'phone', expression: 'u.phone' }] }],
  ['a column less', { columns: columns.slice(1) }],
  ['an expression', { columns: columns.map((column) => ({ ...column, expression: `${column.expression} ` })) }],
  ['who is skipped', { skip: { ...skip, sso: true } }],
  ['a filter', { skip: { ...skip, where: 'u.banned_until is not null' } }],
])('%s makes another mapping of it', (_, change) => {
  expect(mappingHash({ ...TEXTBOOK_MAPPING, ...change })).not.toBe(hash);
});
