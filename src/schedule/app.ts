import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { Report } from '../report.ts';
import type { Health } from '../status.ts';

/** What the server shows; each is made anew for each request. */
export interface Views {
  ready: () => boolean;
  health: () => Health;
  /** Prometheus text. */
  metrics: () => Promise<string>;
  /** An HTML page. */
  page: () => string;
  /** The style sheet inside the page, exactly. */
  style: string;
  report: () => Report | null;
}

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** The routes of the status server. It only shows: whatever is not a GET or a HEAD is refused. */
export function statusApp({ ready, health, metrics, page, style, report }: Views): Hono {
  const app = new Hono();
  app.use(secureHeaders(securityFor(style)));
  app.use(async (context, next) => {
    if (context.req.method !== 'GET' && context.req.method !== 'HEAD') {
      return context.text('only GET and HEAD\n', 405, { Allow: 'GET, HEAD' });
    }
    await next();
    context.header('Cache-Control', 'no-store');
    return undefined;
  });
  app.get('/livez', (context) => context.text('alive\n'));
  app.get('/readyz', (context) => (ready() ? context.text('ready\n') : context.text('not ready\n', 503)));
  app.get('/healthz', (context) => {
    const state = health();
    return context.json(state, state.healthy ? 200 : 503);
  });
  app.get('/metrics', async (context) => context.body(await metrics(), 200, { 'Content-Type': METRICS_TYPE }));
  app.get('/report.json', (context) => {
    const last = report();
    return last ? context.json(last) : context.json({ error: 'no run has left a report yet' }, 404);
  });
  app.get('/', (context) => context.html(page()));
  app.notFound((context) => context.text('not found\n', 404));
  return app;
}

/** The page has one style sheet and nothing else that a browser could load or run. */
function securityFor(style: string): Parameters<typeof secureHeaders>[0] {
  const hash = createHash('sha256').update(style).digest('base64');
  return {
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      styleSrc: [`'sha256-${hash}'`],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // It speaks plain HTTP; what stands before it may not.
    strictTransportSecurity: false,
  };
}
