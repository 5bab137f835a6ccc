// Supabase Lite, which stands in for the gateway, PostgREST and the auth server of a project.
import pg from 'pg';
import { z } from 'zod';
import { startSupabase } from '../../test/support/supabase-lite.ts';
import { asked, serve } from '../beside.ts';
import { listUsers } from './list-users.ts';

const { url, superuserUrl } = z.object({ url: z.string(), superuserUrl: z.string() }).parse(asked());
const admin = new pg.Pool({ connectionString: superuserUrl, max: 2 });
const database = { url, query: async (sql: string) => (await admin.query(sql)).rows };
const project = await startSupabase(database, (request) => listUsers(admin, request));
serve({ url: project.url, secretKey: project.secretKey }, async () => {
  await project.stop();
  await admin.end();
});
