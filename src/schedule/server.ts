import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { Fault } from '../fault.ts';

export interface StatusServer {
  /** `http://127.0.0.1:8080` */
  url: string;
  close(): Promise<void>;
}

/** Listens. Throws a Fault that names --port or --host. */
export async function listen(app: Hono, host: string, port: number): Promise<StatusServer> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch((error: unknown) => {
    throw unheard(error, host, port);
  });
  const { address, port: given, family } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${given}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

function unheard(error: unknown, host: string, port: number): Fault {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  if (code === 'EADDRINUSE') {
    return new Fault('port_in_use', `port ${port} on ${host} is in use`, {
      fix: 'stop what listens there, or take another one with --port (0: any)',
      cause: error,
    });
  }
  return new Fault(
    'cannot_listen',
    `cannot listen on ${host}, port ${port}${typeof code === 'string' ? ` (${code})` : ''}`,
    {
      fix: 'give an address of this machine with --host (0.0.0.0: all of them) and a port from 1024 on with --port',
      cause: error,
    },
  );
}
