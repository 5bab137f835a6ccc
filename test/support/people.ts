import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { TestDatabase } from './database.ts';

/** Columns of auth.users that a test may want to set; what is left out is made up, and marked with the canary. */
export interface UserColumns {
  id: string;
  email: string | null;
  phone: string | null;
  encrypted_password: string | null;
  raw_user_meta_data: Record<string, unknown> | null;
  raw_app_meta_data: Record<string, unknown> | null;
  created_at: Date | string | null;
  email_confirmed_at: Date | string | null;
  deleted_at: Date | string | null;
  banned_until: Date | string | null;
  is_sso_user: boolean;
  is_anonymous: boolean;
}

/** What the default configuration (skip deleted and anonymous, 60s of grace) says of a user without a row. */
export type Expected = 'missing' | 'deleted' | 'anonymous' | 'grace';

export interface Person {
  id: string;
  email: string | null;
  expected: Expected;
}

const marks = new WeakMap<TestDatabase, string[]>();
const allMarks = new Set<string>();

/** Strings that are part of the users of this database and must not be part of any output. */
function canaries(db: TestDatabase): readonly string[] {
  return marks.get(db) ?? [];
}

/** Fails if the text has a personal detail of any user that this test file made. */
export function expectNoCanary(text: string): void {
  const found = [...allMarks].filter((mark) => text.includes(mark));
  expect(found, 'personal details in the output').toEqual([]);
}

/** Inserts a user who signed up a day ago; the canary is in mail, name, phone and password hash. */
export async function insertUser(db: TestDatabase, overrides: Partial<UserColumns> = {}): Promise<Person> {
  const token = mark(db, `canary${randomBytes(6).toString('hex')}`);
  const user: UserColumns = {
    id: randomUUID(),
    email: `${token}@example.com`,
    phone: mark(db, `99${randomInt(1e12, 9e12)}`),
    encrypted_password: `$2a$10$${token}`,
    raw_user_meta_data: { full_name: `Name ${token}`, avatar_url: `https://example.com/${token}.png` },
    raw_app_meta_data: { provider: 'email', providers: ['email'] },
    created_at: ago({ hours: 24 }),
    email_confirmed_at: null,
    deleted_at: null,
    banned_until: null,
    is_sso_user: false,
    is_anonymous: false,
    ...overrides,
  };
  await db.admin.query(
    `insert into auth.users (instance_id, aud, role, updated_at, ${Object.keys(user).join(', ')})
     values (
       '00000000-0000-0000-0000-000000000000', 'authenticated', 'authenticated', $7,
       ${Object.keys(user)
         .map((_, index) => `$${index + 1}`)
         .join(', ')}
     )`,
    Object.values(user),
  );
  return { id: user.id, email: user.email, expected: expectedOf(user) };
}

export const KINDS = [
  'fullMetadata',
  'noMetadata',
  'phoneOnly',
  'anonymous',
  'anonymousTurnedPermanent',
  'ssoTwin',
  'softDeleted',
  'nullMetadata',
  'longName',
  'oddMetadata',
  'inGrace',
  'banned',
] as const;

export type Kind = (typeof KINDS)[number];

/** One user of each kind that is found in the wild. `ssoTwin` has the mail of `fullMetadata`. */
export async function twelveKinds(db: TestDatabase): Promise<Record<Kind, Person>> {
  const token = mark(db, `canary${randomBytes(6).toString('hex')}`);
  const fullMetadata = await insertUser(db);
  return {
    fullMetadata,
    noMetadata: await insertUser(db, { raw_user_meta_data: {}, phone: null }),
    phoneOnly: await insertUser(db, { email: null, raw_user_meta_data: {}, raw_app_meta_data: providers('phone') }),
    anonymous: await anonymousUser(db),
    anonymousTurnedPermanent: await turnPermanent(db, await anonymousUser(db)),
    ssoTwin: await insertUser(db, {
      email: fullMetadata.email,
      encrypted_password: null,
      is_sso_user: true,
      raw_app_meta_data: providers(`sso:${randomUUID()}`),
    }),
    softDeleted: await softDelete(db, await insertUser(db)),
    nullMetadata: await insertUser(db, { raw_user_meta_data: null, raw_app_meta_data: null }),
    longName: await insertUser(db, { raw_user_meta_data: { full_name: `${token} `.padEnd(300, 'long name ') } }),
    oddMetadata: await insertUser(db, {
      raw_user_meta_data: { full_name: 42, name: [token, null], avatar_url: { url: token }, picture: true },
    }),
    inGrace: await insertUser(db, { created_at: ago({ seconds: 1 }) }),
    banned: await insertUser(db, { banned_until: ago({ hours: -24 * 365 }) }),
  };
}

/** A point in time before now (after now, when negative). */
export function ago({ hours = 0, seconds = 0 }: { hours?: number; seconds?: number }): Date {
  return new Date(Date.now() - hours * 3_600_000 - seconds * 1000);
}

/** Soft deletion as the auth server does it: the row stays, mail and phone become hashes, metadata is emptied. */
export async function softDelete(db: TestDatabase, person: Person): Promise<Person> {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64url');
  const email = mark(db, hash(person.email ?? person.id));
  const phone = mark(db, hash(`phone ${person.id}`).slice(0, 15));
  await db.admin.query(
    `update auth.users set email = $2, phone = $3, encrypted_password = null, raw_user_meta_data = '{}',
       raw_app_meta_data = '{}', deleted_at = now() where id = $1`,
    [person.id, email, phone],
  );
  return { ...person, email, expected: 'deleted' };
}

function anonymousUser(db: TestDatabase): Promise<Person> {
  return insertUser(db, {
    email: null,
    phone: null,
    encrypted_password: null,
    is_anonymous: true,
    raw_user_meta_data: {},
    raw_app_meta_data: {},
  });
}

/** An UPDATE, not an INSERT: no insert trigger and no webhook on insert ever hears of this user's mail. */
async function turnPermanent(db: TestDatabase, person: Person): Promise<Person> {
  const email = `${mark(db, `canary${randomBytes(6).toString('hex')}`)}@example.com`;
  await db.admin.query('update auth.users set email = $2, is_anonymous = false, updated_at = now() where id = $1', [
    person.id,
    email,
  ]);
  return { ...person, email, expected: 'missing' };
}

function providers(provider: string): Record<string, unknown> {
  return { provider, providers: [provider] };
}

function expectedOf(user: UserColumns): Expected {
  if (user.deleted_at !== null) return 'deleted';
  if (user.is_anonymous) return 'anonymous';
  const age = user.created_at === null ? Number.POSITIVE_INFINITY : Date.now() - new Date(user.created_at).getTime();
  return age < 60_000 && age > -86_400_000 ? 'grace' : 'missing';
}

function mark(db: TestDatabase, text: string): string {
  marks.set(db, [...canaries(db), text]);
  allMarks.add(text);
  return text;
}
