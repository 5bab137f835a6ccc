import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readEnvironment } from '../environment.ts';
import { readSecrets } from '../secrets.ts';
import { NEXT_SECRET, SECRET } from './signing.ts';

const read = (variables: Record<string, string>) => readEnvironment((name) => variables[name]);

Deno.test('the environment is read', () => {
  const SUPABASE_URL = 'https://abcdefghijkl.supabase.co';
  deepEqual(read({ SUPABASE_URL, SUPABASE_SECRET_KEYS: '{"default":"new"}', SYNC_USER_WEBHOOK_SECRET: ' whsec_x ' }), {
    url: SUPABASE_URL,
    key: 'new',
    webhookSecret: 'whsec_x',
  });
  deepEqual(read({ SUPABASE_URL: '' }), { url: undefined, key: undefined, webhookSecret: undefined });
});

const keys: [json: string, key: string][] = [
  ['{"other":"a","default":"b"}', 'b'],
  ['{"other":"a","one":"b"}', 'a'],
  ['{"default":"","one":"b"}', 'b'],
  ['{"default":{"key":"a"}}', 'legacy'],
  ['{}', 'legacy'],
  ['[]', 'legacy'],
  ['["a"]', 'legacy'],
  ['null', 'legacy'],
  ['no JSON', 'legacy'],
  ['', 'legacy'],
];
for (const [json, key] of keys) {
  Deno.test(`of the secret keys ${json || 'that are none'} it takes ${key}`, () => {
    equal(read({ SUPABASE_SECRET_KEYS: json, SUPABASE_SERVICE_ROLE_KEY: 'legacy' }).key, key);
  });
}

Deno.test('a secret is taken as the dashboard, the specification and OpenSSL write it', () => {
  for (const text of [SECRET, `whsec_${SECRET}`, `v1,whsec_${SECRET}`, ` v1,whsec_${SECRET} `, `|${SECRET}|`]) {
    equal(readSecrets(text).verifiers?.length, 1, text);
  }
  equal(readSecrets(`v1,whsec_${NEXT_SECRET}|v1,whsec_${SECRET}`).verifiers?.length, 2);
});

Deno.test('a secret that is none, or that can be guessed, is no secret, and is not repeated', () => {
  for (const text of [undefined, '', '|', 'whsec_', 'whsec_c2hvcnQ=', 'whsec_not base64!', `v1a,whpk_${SECRET}`]) {
    const { verifiers, fault } = readSecrets(text);
    equal(verifiers, undefined, text);
    match(fault ?? '', /SYNC_USER_WEBHOOK_SECRET/);
    ok(!text || text.length < 7 || !fault?.includes(text));
  }
  match(readSecrets(`${SECRET}|hunter2`).fault ?? '', /number 2 of 2/);
});
