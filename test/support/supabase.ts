import { serve } from '@hono/node-server';
import { App, generateApiKey, getAuthSchemaSql } from '@supabase/lite';
import { createPostgresConnection, type PostgresConnection } from '@supabase/lite/postgres';
import type { TestDatabase } from './database.ts';

/** Auth and Data API of a project over HTTP, on a database of a test. */
export interface Supabase {
  url: string;
  publishableKey: string;
  /** the API runs as service_role with it */
  secretKey: string;
  stop: () => Promise<void>;
}

/** Supabase Lite works as the role postgres. Set `LITE_TELEMETRY` to 0 before it is imported, or it reports its use. */
export async function startSupabase(db: TestDatabase): Promise<Supabase> {
  await completeAuthSchema(db);
  const { key: publishable_key } = await generateApiKey('publishable');
  const { key: secret_key } = await generateApiKey('secret');
  const connection = connect(db.url);
  const app = new App({
    connection,
    auth: { enabled: true, jwt_secret: crypto.randomUUID(), publishable_key, secret_key },
  });
  const server = serve({ fetch: (request) => app.fetch(request), hostname: '127.0.0.1', port: 0 });
  await new Promise((listening) => server.once('listening', listening));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    publishableKey: publishable_key,
    secretKey: secret_key,
    async stop() {
      await new Promise((closed) => server.close(closed));
      await connection.close();
    },
  };
}

/**
 * Supabase Lite works on the schema auth of the fixture: auth.users with all 35 columns of the real one,
 * auth.identities, and the functions that policies call. Its own tables are made only where the fixture has none
 * (refresh_tokens, flow_state, audit_log_entries), and auth.sessions gets the columns that the fixture leaves out and the
 * real one has. Its own set-up, App.ensureSystemSchema(), would also replace auth.uid() and its like, and keeps silent
 * about statements that fail.
 */
export async function completeAuthSchema(db: TestDatabase): Promise<void> {
  await db.query(`
    ${getAuthSchemaSql()}
    grant all on auth.refresh_tokens, auth.flow_state, auth.audit_log_entries to postgres;
    alter table auth.sessions
      add column refresh_token_hmac_key text, add column refresh_token_counter bigint, add column scopes text`);
}

/**
 * With its own serializer for jsonb, Supabase Lite on PostgreSQL encodes metadata twice: the column gets one JSON string
 * with the object in it, and `raw_user_meta_data->>'full_name'` is null. The auth server of Supabase stores the object.
 */
export function connect(url: string): PostgresConnection {
  const jsonb = {
    to: 3802,
    from: [3802],
    serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  };
  return createPostgresConnection({ url, postgresOptions: { max: 4, onnotice: () => {}, types: { jsonb } } });
}
