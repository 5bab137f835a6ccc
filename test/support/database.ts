import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Address, urlOf } from '../../src/demo/address.ts';

/** A database of its own for one test file: schema auth is there, schema public is empty. */
export interface TestDatabase {
  readonly name: string;
  /** As the superuser supabase_admin. */
  readonly admin: pg.Pool;
  /** As the role postgres, the owner of the database: no superuser, BYPASSRLS. */
  readonly postgres: pg.Pool;
  /** Connection string of the role postgres: what a project has in DATABASE_URL. */
  readonly url: string;
  readonly superuserUrl: string;
  /** Connection string of any role that has the common password. */
  urlFor(role: string): string;
  /** Rows of one statement, as supabase_admin. */
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** Rows of one statement, as the role postgres: use it to make the app's tables, so that postgres owns them. */
  queryAsPostgres<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    values?: unknown[],
  ): Promise<Row[]>;
  /** A login role with a name of its own (roles are shared by all databases of the run); dropped with the database. */
  createRole(attributes?: string): Promise<{ name: string; url: string }>;
  drop(): Promise<void>;
}

/** Clones the template, about 50 ms; on the one server of this run, if no other is given. Call `drop()` in afterAll. */
export async function createDatabase(superuser: Address = inject('superuser')): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(superuser, (client) =>
    client.query(`create database ${name} template userdrift_template owner postgres`),
  );
  const addressFor = (user: string) => ({ ...superuser, user, database: name });
  const admin = poolOf(addressFor(superuser.user));
  const postgres = poolOf(addressFor('postgres'));
  const roles: string[] = [];
  const urlFor = (role: string) => urlOf(addressFor(role));
  return {
    name,
    admin,
    postgres,
    url: urlFor('postgres'),
    superuserUrl: urlFor(superuser.user),
    urlFor,
    query: async (sql, values) => (await admin.query(sql, values)).rows,
    queryAsPostgres: async (sql, values) => (await postgres.query(sql, values)).rows,
    async createRole(attributes = '') {
      const role = `${name}_role_${roles.length + 1}`;
      await admin.query(`create role ${role} login ${attributes} password ${pg.escapeLiteral(superuser.password)}`);
      roles.push(role);
      return { name: role, url: urlFor(role) };
    },
    async drop() {
      await Promise.all([admin.end(), postgres.end()]);
      await onServer(superuser, async (client) => {
        await client.query(`drop database if exists ${name} with (force)`);
        for (const role of roles) await client.query(`drop role ${role}`);
      });
    },
  };
}

function poolOf(address: Address): pg.Pool {
  const pool = new pg.Pool({ ...address, ssl: false, max: 4, idleTimeoutMillis: 10_000 });
  // A test may end backends on purpose; an idle client that dies must not end the test process.
  pool.on('error', () => {});
  return pool;
}

async function onServer(address: Address, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...address, ssl: false });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
