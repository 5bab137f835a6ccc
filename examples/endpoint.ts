// An endpoint that a scheduler calls: POST /sync with the token as bearer. Set DATABASE_URL and CRON_SECRET, then:
//   node examples/endpoint.ts
// In a project of your own, import from 'userdrift'.
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { Fault, reconcile } from '../src/index.ts';

const { DATABASE_URL = '', DATABASE_CA_CERT, CRON_SECRET = '', PORT = '3000' } = process.env;
if (CRON_SECRET === '') throw new Error('CRON_SECRET is not set');

const ended = new AbortController();
const app = new Hono();

app.post('/sync', bearerAuth({ token: CRON_SECRET }), async (context) => {
  try {
    const report = await reconcile('sync', {
      connection: { databaseUrl: DATABASE_URL, caCert: DATABASE_CA_CERT },
      config: { target: 'public.users' },
      deadline: '50s',
      ids: false,
      // A server that stops lets the batches in flight settle.
      signal: ended.signal,
    });
    return context.json(report, report.exitCode === 0 ? 200 : 500);
  } catch (error) {
    if (error instanceof Fault) return context.json({ code: error.code, message: error.message, fix: error.fix }, 500);
    throw error;
  }
});

const server = serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) => console.log(`listening on ${port}`));
process.once('SIGTERM', () => {
  ended.abort();
  server.close();
});
