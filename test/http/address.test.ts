import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/fault.ts';
import { parseHttpAddress } from '../../src/http/address.ts';

const KEY = 'sb_secret_c2VjcmV0_x';
const jwt = (claims: unknown) =>
  `eyJhbGciOiJIUzI1NiJ9.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`;

function faultOf(url: string, key = KEY): Fault {
  try {
    parseHttpAddress(url, key);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new TypeError(`${url} was accepted`);
}

test.each([
  [
    'https://abcdefghijklmnopqrst.supabase.co',
    'https://abcdefghijklmnopqrst.supabase.co',
    'abcdefghijklmnopqrst.supabase.co',
  ],
  ['https://abc.supabase.co/', 'https://abc.supabase.co', 'abc.supabase.co'],
  ['HTTPS://ABC.supabase.co', 'https://abc.supabase.co', 'abc.supabase.co'],
  ['https://api.example.com:8443', 'https://api.example.com:8443', 'api.example.com:8443'],
  ['http://localhost:54321', 'http://localhost:54321', 'localhost:54321'],
  ['http://127.0.0.1:54321', 'http://127.0.0.1:54321', '127.0.0.1:54321'],
  ['http://[::1]:54321', 'http://[::1]:54321', '[::1]:54321'],
])('%s is %s', (text, url, host) => {
  expect(parseHttpAddress(text, KEY)).toEqual({ url, host, key: KEY, notes: [] });
});

test.each([
  ['abc.supabase.co', /is not a URL/],
  ['', /is not a URL/],
  ['postgresql://postgres@db.abc.supabase.co:5432/postgres', /is not a URL/],
  ['https://user:hunter2@abc.supabase.co', /holds a user or a password/],
  ['https://abc.supabase.co/rest/v1', /more than a host/],
  ['https://abc.supabase.co/?apikey=hunter2', /more than a host/],
  ['http://abc.supabase.co', /not encrypted/],
  ['http://localhost.example.com', /not encrypted/],
  ['http://127.0.0.1.example.com', /not encrypted/],
])('%s is refused, with what to write instead', (url, message) => {
  const fault = faultOf(url);
  expect(fault).toMatchObject({ code: 'supabase_url_invalid', message: expect.stringMatching(message) });
  expect(`${fault.message} ${fault.fix}`).not.toContain('hunter2');
  expect(fault.fix).not.toBeNull();
});

describe('a key', () => {
  test.each([
    ['sb_publishable_x', /a publishable key/],
    ['sb_other_x', /of a kind that is not known/],
    [jwt({ role: 'anon' }), /a key of the role anon/],
    [jwt({ role: 'authenticated' }), /a key of the role authenticated/],
    ['two words', /characters that no key has/],
    ['sb_secret_é', /characters that no key has/],
    ['sb_secret_a\nb', /characters that no key has/],
  ])('%s is refused and not quoted', (key, message) => {
    const fault = faultOf('https://abc.supabase.co', key);
    expect(fault).toMatchObject({ code: 'supabase_key_invalid', message: expect.stringMatching(message) });
    expect(`${fault.message} ${fault.fix}`).not.toContain(key);
  });

  test.each([[KEY], ['sb_temp_x'], [jwt({ role: 'service_role' })], [jwt({})], ['a.b.c'], ['opaque']])(
    '%s may be one: the server knows',
    (key) => {
      expect(parseHttpAddress('https://abc.supabase.co', key).key).toBe(key);
    },
  );

  test('of the old kind is named as such', () => {
    const { notes } = parseHttpAddress('https://abc.supabase.co', jwt({ role: 'service_role' }), { legacy: true });
    expect(notes).toMatchObject([{ code: 'legacy_key' }]);
  });
});
