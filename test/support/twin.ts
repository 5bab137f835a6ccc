import { expect } from 'vitest';
import { createDatabase, type TestDatabase } from './database.ts';
import { ago, insertUser, twelveKinds } from './people.ts';

/** Two databases with the same users: in one the job works, in the other the oracle says what it should have done. */
export interface Twins {
  readonly job: TestDatabase;
  readonly oracle: TestDatabase;
  drop(): Promise<void>;
}

/** Over u: the users to whom `HAS_ROW` gives a row before any job runs. */
const HAS_ROW = `u.raw_app_meta_data ? 'has_row'`;

/** The first and the last of all uuids are ids like any other. */
const NIL = '00000000-0000-0000-0000-000000000000';
const MAX = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Rows that the app has already made, of these columns. */
export function rowsOfTheApp(into: string, select = 'u.id'): string {
  return `insert into ${into} select ${select} from auth.users u where ${HAS_ROW} order by u.id`;
}

export async function createTwins(): Promise<Twins> {
  const [job, oracle] = await Promise.all([createDatabase(), createDatabase()]);
  const extensions = 'create schema if not exists extensions; grant all on schema extensions to postgres';
  await Promise.all([job.query(extensions), oracle.query(extensions)]);
  await makeUsers(job);
  await copyUsers(job, oracle);
  return {
    job,
    oracle,
    drop: async () => {
      await Promise.all([job.drop(), oracle.drop()]);
    },
  };
}

/**
 * The twelve kinds, ten more who are expected (22 of 26 in all, two of them with a row), and two with a row who are not.
 * Rivals for a unique value come in pairs: `fullMetadata` and `ssoTwin` for a mail, two for a mail in lower case, two for
 * a name.
 */
async function makeUsers(db: TestDatabase): Promise<void> {
  await twelveKinds(db);
  const { email: mail } = await insertUser(db, { id: NIL, created_at: null });
  await insertUser(db, { created_at: ago({ hours: -48 }) });
  await insertUser(db, { email: null });
  await insertUser(db, { email: `CASE.${mail}` });
  await insertUser(db, { email: `case.${mail}` });
  const namesake = { full_name: `Namesake ${mail}`, user_name: `namesake.${mail}` };
  await insertUser(db, { raw_user_meta_data: namesake });
  await insertUser(db, { raw_user_meta_data: namesake });
  await insertUser(db, { raw_user_meta_data: { full_name: 'Al', user_name: 'al', is_active: 'oui' } });
  await insertUser(db, { raw_app_meta_data: { tenant: 'acme', role: 'admin' } });
  await insertUser(db, { id: MAX, raw_app_meta_data: { tenant: 'nowhere', role: 'emperor' } });
  const withRow = { raw_app_meta_data: { has_row: true } };
  await insertUser(db, withRow);
  await insertUser(db, withRow);
  await insertUser(db, { ...withRow, deleted_at: ago({ hours: 1 }) });
  await insertUser(db, { ...withRow, is_anonymous: true, email: null });
}

async function copyUsers(from: TestDatabase, to: TestDatabase): Promise<void> {
  const [columns] = await from.query<{ names: string }>(
    `select string_agg(format('%I', attname), ', ') as names from pg_attribute
     where attrelid = 'auth.users'::regclass and attnum > 0 and attgenerated = '' and not attisdropped`,
  );
  const read = 'select jsonb_agg(to_jsonb(u) order by u.id)::text as users from auth.users u';
  const [source] = await from.query<{ users: string }>(read);
  await to.query(
    `insert into auth.users (${columns?.names})
     select ${columns?.names} from jsonb_populate_recordset(null::auth.users, $1::jsonb)`,
    [source?.users],
  );
  expect(await to.query(read)).toEqual([source]);
}
