import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG, until } from '../support/app.ts';
import { start } from '../support/cli.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await crowd(db, 600);
});
afterAll(() => db.drop());

const MEASURING = `select from pg_stat_activity
  where datname = current_database() and usename = 'postgres' and state = 'active' and query ~ 'with clock as materialized|as looked'`;

/** A measure of minutes: the server evaluates the filter for each user. */
const SLOW = { ...PLAIN_CONFIG, skip: { where: 'pg_catalog.pg_sleep(0.5) is null' } };

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'a measure ends soon after the process that asked for it: %s',
  async (signal) => {
    const { kill, done } = await start(['check', '--json'], { url: db.url, config: SLOW });
    await until(db, MEASURING);
    kill(signal);
    await done;
    await until(db, `select where not exists (${MEASURING})`, [], 15_000);
  },
);

test('a timeout that the role has for its transactions ends no measure', async () => {
  const [known] = await db.query(`select from pg_settings where name = 'transaction_timeout'`);
  const role = await db.createRole('bypassrls');
  await db.query(
    `grant usage on schema auth, public to ${role.name}; grant select on auth.users, public.users to ${role.name}`,
  );
  // Before 17 there is none to set.
  if (known) await db.query(`alter role ${role.name} set transaction_timeout = '2s'`);
  const config = { ...PLAIN_CONFIG, skip: { where: 'pg_catalog.pg_sleep(0.005) is null' } };
  for (const url of [role.url, `${role.url}&pgbouncer=true`]) {
    const { code, json } = await (await start(['check', '--json'], { url, config })).done;
    expect(json()).toMatchObject({ verdict: 'drift', drift: { missing: 600 } });
    expect(code).toBe(2);
  }
});
