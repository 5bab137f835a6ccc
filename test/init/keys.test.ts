import { expect, test } from 'vitest';
import { holdsKey, mayHoldKey } from '../../src/init/keys.ts';

test.each([
  `headers := '{"Authorization": "Bearer abc"}'`,
  `'sb_secret_abc'`,
  `'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x'`,
  `'{"Content-Type":"application/json","X-Hook":"a8f5f167f44f4964e6c998dee827110c"}'::jsonb`,
  `url := 'https://hooks.slack.com/services/TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc'`,
  `'https://discord.com/api/webhooks/1/x'`,
  `'https://api.telegram.org/bot123456:AA-b/sendMessage'`,
  `'https://user:pass@example.com/hook'`,
  `'sk_test_abcdefgh'`,
  `'whsec_abcdefgh'`,
  `extensions.pgp_sym_encrypt(new.phone, 'correct horse')`,
  `extensions.hmac(new.email, 'k', 'sha256')`,
])('is a key, in a value and in a line: %s', (text) => {
  expect(holdsKey(text)).toBe(true);
  expect(mayHoldKey(text)).toBe(true);
});

test.each([
  `new.raw_user_meta_data->>'full_name'`,
  `'0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'::uuid`,
  `public.generate_unique_username_v2(new.email)`,
  `'https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/avatars/default.png'`,
  `'Basic subscription'`,
])('is none: %s', (text) => expect(holdsKey(text)).toBe(false));

test.each([
  `url := 'https://example.com/hook?key=abc'`,
  `v_token := 'abc';`,
  `'Basic dXNlcjpwYXNz'`,
  `'abcdefghijklmnopqrstuvwxyz'`,
])('a line of code that may lead to one: %s', (line) => expect(mayHoldKey(line)).toBe(true));
