import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { App, generateApiKey, getAuthSchemaSql } from '@supabase/lite';
import type { TestDatabase } from './database.ts';
import { connectLite } from './lite.ts';

/** Auth and the Data API of a project. */
export interface Supabase {
  url: string;
  publishableKey: string;
  /** with it the Data API works as service_role */
  secretKey: string;
  stop: () => Promise<void>;
}

/** What Supabase Lite works on: the connection string of the role postgres, and statements as the superuser. */
export type LiteDatabase = Pick<TestDatabase, 'url'> & { query(sql: string): Promise<unknown> };

/**
 * Supabase Lite over HTTP, on the database of a test; `instead` may answer a request in its place. It reports its use,
 * unless LITE_TELEMETRY is 0 before it is imported: see `vi.hoisted` in the tests.
 */
export async function startSupabase(
  db: LiteDatabase,
  instead: (request: Request) => Promise<Response> | null = () => null,
): Promise<Supabase> {
  await completeAuthSchema(db);
  const [{ key: publishableKey }, { key: secretKey }] = [
    await generateApiKey('publishable'),
    await generateApiKey('secret'),
  ];
  const connection = connectLite(db.url);
  const app = new App({
    connection,
    auth: {
      enabled: true,
      jwt_secret: crypto.randomUUID(),
      publishable_key: publishableKey,
      secret_key: secretKey,
    },
  });
  const server = createServer(getRequestListener((request) => instead(request) ?? app.fetch(request)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publishableKey,
    secretKey,
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await connection.close();
    },
  };
}

/**
 * Supabase Lite works on the schema auth of the fixture, as the role postgres: auth.users with all 35 columns of the
 * real one, auth.identities, and the functions that policies call. Its own tables are made only where the fixture has
 * none (refresh_tokens, flow_state, audit_log_entries), and auth.sessions gets the columns that the fixture leaves out
 * and the real one has. Its own set-up, App.ensureSystemSchema(), would also replace auth.uid() and its like, and keeps
 * silent about statements that fail.
 */
export async function completeAuthSchema(db: LiteDatabase): Promise<void> {
  await db.query(`
    ${getAuthSchemaSql()}
    grant all on auth.refresh_tokens, auth.flow_state, auth.audit_log_entries to postgres;
    alter table auth.sessions
      add column refresh_token_hmac_key text, add column refresh_token_counter bigint, add column scopes text`);
}
