import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONFIG, COUNTS, createPeople, GROUPS, MENDED_CONFIG, USERS } from '../../src/demo/people.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase();
  await createPeople(db.admin);
});
afterAll(() => db.drop());

const WITHOUT_ROW = 'from auth.users u where not exists (select from public.users p where p.id = u.id)';
const EXPECTED_OF_ALL = 'deleted_at is null and not is_anonymous';
const MISSING = `${WITHOUT_ROW} and ${EXPECTED_OF_ALL} and created_at <= now() - interval '1 second'`;

test('every user without a row is in the class that the groups say', async () => {
  const [counts] = await db.query(`
    select count(*)::int as "withoutRow",
      count(*) filter (where deleted_at is not null)::int as deleted,
      count(*) filter (where deleted_at is null and is_anonymous)::int as anonymous,
      count(*) filter (where ${EXPECTED_OF_ALL} and created_at > now() - interval '60 seconds')::int as "inGrace",
      count(*) filter (where ${EXPECTED_OF_ALL} and created_at <= now() - interval '60 seconds')::int as missing
    ${WITHOUT_ROW}`);
  expect(counts).toEqual({
    withoutRow: 968,
    deleted: GROUPS.deleted,
    anonymous: GROUPS.anonymous,
    inGrace: GROUPS.inGrace,
    missing: 132,
  });
  expect(COUNTS).toEqual({ withoutRow: 968, missing: 132, refused: 2 });
});

test('the totals are those of the story, and no row is an orphan', async () => {
  const [totals] = await db.query(
    'select (select count(*)::int from auth.users) as source, (select count(*)::int from public.users) as target',
  );
  expect(totals).toEqual({ source: USERS, target: 9032 });
});

test('one day, a week ago, stands out: nearly nobody of it has a row', async () => {
  const days = await db.query(`
    select (date_trunc('day', now() at time zone 'UTC') - date_trunc('day', u.created_at at time zone 'UTC')) = '7 days' as dead,
      count(*)::int as users, count(p.id)::int as copied
    from auth.users u left join public.users p using (id) where ${EXPECTED_OF_ALL} group by 1 order by 1`);
  expect(days).toMatchObject([{ dead: false }, { dead: true, users: 90, copied: 2 }]);
});

test('the kinds that go wrong in real projects are there', async () => {
  const [kinds] = await db.query(`
    select count(*) filter (where email is null and phone is not null and deleted_at is null)::int as "phoneOnly",
      count(*) filter (where banned_until > now())::int as banned,
      count(*) filter (where is_sso_user and exists (
        select from auth.users other where other.email = u.email and not other.is_sso_user))::int as twins,
      count(*) filter (where deleted_at is not null and email ~ '^[A-Za-z0-9_-]{43}$' and length(phone) = 15
        and encrypted_password is null and raw_user_meta_data = '{}')::int as hashed,
      count(*) filter (where is_anonymous and email is null)::int as anonymous
    from auth.users u`);
  expect(kinds).toEqual({ phoneOnly: 300, banned: 10, twins: 13, hashed: 143, anonymous: 702 });
});

test('exactly two missing users cannot be inserted, and both can be with the mended mapping', async () => {
  expect(await refusals(CONFIG.columns)).toEqual([
    { code: '23505', constraint: 'users_email_key' },
    { code: '23514', constraint: 'users_full_name_length' },
  ]);
  expect(await refusals(MENDED_CONFIG.columns)).toEqual([]);
});

test('the application owns its table, with row level security on', async () => {
  expect(
    await db.query(
      `select pg_get_userbyid(relowner) as owner, relrowsecurity as rls from pg_class where oid = 'public.users'::regclass`,
    ),
  ).toEqual([{ owner: 'postgres', rls: true }]);
});

test('the same people each time', async () => {
  const again = await createDatabase();
  try {
    await createPeople(again.admin);
    const sql = `select md5(string_agg(concat_ws('|', id, email, phone, raw_user_meta_data, encrypted_password), E'\\n' order by id))
      from auth.users`;
    expect(await again.query(sql)).toEqual(await db.query(sql));
  } finally {
    await again.drop();
  }
});

test('every id is a random-looking uuid of version 4', async () => {
  const [odd] = await db.query(
    `select count(*)::int from auth.users where id::text !~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-'`,
  );
  expect(odd).toEqual({ count: 0 });
});

/** Inserts the missing users one by one in a transaction that is rolled back. */
async function refusals(columns: typeof CONFIG.columns): Promise<{ code?: string; constraint?: string }[]> {
  const names = Object.keys(columns).join(', ');
  const expressions = Object.values(columns).join(', ');
  const client = await db.postgres.connect();
  const refused: { code?: string; constraint?: string }[] = [];
  try {
    await client.query('begin');
    const { rows } = await client.query<{ id: string }>(`select id ${MISSING} order by id`);
    expect(rows.length).toBeGreaterThanOrEqual(COUNTS.missing);
    for (const { id } of rows) {
      await client.query('savepoint one');
      try {
        await client.query(
          `insert into public.users (id, ${names}) select u.id, ${expressions} from auth.users u where u.id = $1`,
          [id],
        );
      } catch (error) {
        const { code, constraint } = error as { code: string; constraint: string };
        refused.push({ code, constraint });
        await client.query('rollback to savepoint one');
      }
    }
  } finally {
    await client.query('rollback');
    client.release();
  }
  return refused.toSorted((one, other) => String(one.code).localeCompare(String(other.code)));
}
