import { describe, expect, test } from 'vitest';
import { isNeverNull, overSource, tellsTime } from '../../src/init/take-over.ts';
import { tokensOf } from '../../src/sql/tokens.ts';

const over = (sql: string) => overSource(tokensOf(sql));

describe('is taken over', () => {
  test.each([
    ['new.email', 'u.email'],
    ['NEW."email"', 'u."email"'],
    ["new.raw_user_meta_data ->> 'full_name'", "u.raw_user_meta_data ->> 'full_name'"],
    [
      "coalesce(new.raw_user_meta_data->>'n', split_part(new.email, '@', 1))",
      "coalesce(u.raw_user_meta_data->>'n', split_part(u.email, '@', 1))",
    ],
    ['new.id::text', 'u.id::text'],
    ['\'member\'::public."Role"', '\'member\'::public."Role"'],
    ['cast(new.created_at as timestamp with time zone)', 'cast(u.created_at as timestamp with time zone)'],
    ["now() + interval '14 days'", "now() + interval '14 days'"],
    [
      "case when new.email like '%@a.b' then 'x' else null end",
      "case when u.email like '%@a.b' then 'x' else null end",
    ],
    ['extensions.gen_random_uuid()', 'extensions.gen_random_uuid()'],
    ["trim(both ' ' from new.phone)", "trim(both ' ' from u.phone)"],
    ['extract(epoch from new.created_at)', 'extract(epoch from u.created_at)'],
    ['new.email -- the mail\n', 'u.email'],
    ["(new.raw_user_meta_data->'tags')::text[]", "(u.raw_user_meta_data->'tags')::text[]"],
  ])('%s', (own, sql) => expect(over(own)).toEqual({ sql }));
});

describe('is not', () => {
  test.each([
    ['display_name', 'display_name is known to the function only'],
    // Over u it would be a column of auth.users: another value than the variable has.
    ['email', 'email is known to the function only'],
    ['coalesce(_name, new.email)', '_name is known to the function only'],
    ['rec.name', 'rec.name is known to the function only'],
    ['u.email', 'u.email is known to the function only'],
    ['to_jsonb(new)', 'it takes the new row as a whole'],
    ['new', 'it takes the new row as a whole'],
    ['new.*', 'it takes the new row as a whole'],
    ['new.not_there', 'it takes the new row as a whole'],
    ['new.encrypted_password', 'a password hash or a token belongs in no other table'],
    ["coalesce(NEW.email_change_token_new, '')", 'a password hash or a token belongs in no other table'],
    ['old.email', 'old.email is known to the function only'],
    ['tg_op', 'tg_op is known to the function only'],
    ['(select id from public.plans limit 1)', 'it reads other rows'],
    ['exists (table x)', 'it reads other rows'],
    ['auth.uid()', 'it depends on the session of the sign-up'],
    ["current_setting('request.jwt.claims', true)", 'it depends on the session of the sign-up'],
    ['current_user', 'current_user is known to the function only'],
  ])('%s', (own, why) => expect(over(own)).toEqual({ why }));
});

test.each([
  ["'x'", true],
  ['1.5', true],
  ['true', true],
  ['now()', true],
  ['new.id', true],
  ["coalesce(new.email, 'x')", true],
  ["coalesce(new.raw_user_meta_data->>'a', '')", true],
  ['null', false],
  ['new.email', false],
  ['coalesce(new.email, new.phone)', false],
  ["coalesce(new.email, 'x') || new.phone", false],
  ["lower(coalesce(new.email, 'x'))", false],
  ["coalesce(new.email, nullif(new.phone, 'x'))", false],
])('%s is never NULL: %j', (own, never) => expect(isNeverNull(tokensOf(own))).toBe(never));

test('tells the time', () => {
  expect(tellsTime(tokensOf("timezone('utc', now())"))).toBe(true);
  expect(tellsTime(tokensOf("new.raw_user_meta_data->>'now'"))).toBe(false);
});
