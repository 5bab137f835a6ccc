import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import pg from 'pg';

/** pg leaves the socket of a failed login open, and with it the process, until the server loses its patience. */
export class Client extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // A lost connection is announced by an event as well as by the failed query, as soon as there is a session; without a
    // listener it ends the process.
    this.on('error', () => {});
  }

  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error | null, client?: pg.Client) => void): void;
  override connect(callback?: (error: Error | null, client?: pg.Client) => void): Promise<pg.Client> | undefined {
    const connected = super.connect();
    connected.catch(() => destroy(this));
    if (!callback) return connected;
    connected.then(
      (client) => callback(null, client),
      (error: Error) => callback(error),
    );
    return undefined;
  }
}

/**
 * Cuts the connection off when nothing comes or goes for `ms`: the server keeps its timeouts, so it is no more there,
 * whatever TCP believes. Returns what lifts the limit.
 */
export function limitSilence(client: pg.ClientBase, ms: number): () => void {
  const stream = streamOf(client);
  if (!(stream instanceof Socket)) return () => {};
  const cut = () => stream.destroy();
  stream.setTimeout(ms, cut);
  return () => {
    stream.setTimeout(0);
    stream.off('timeout', cut);
  };
}

/** Cuts the connection off, whatever it is doing. */
export function destroy(client: pg.Client): void {
  const stream = streamOf(client);
  if (stream instanceof Socket) stream.destroy();
}

/** The version of TLS that the connection speaks; null: it is in the clear. */
export function protocolOf(client: pg.ClientBase): string | null {
  const stream = streamOf(client);
  return stream instanceof TLSSocket ? stream.getProtocol() : null;
}

/** Ends a connection in good order: through a pooler, one that ends inside a transaction costs it a server connection. */
export async function hangUp(client: pg.Client): Promise<void> {
  const goodbye = client.query('rollback').then(() => client.end());
  await Promise.race([goodbye, sleep(GOODBYE_MS, undefined, { ref: false })]).catch(() => {});
  goodbye.catch(() => {});
  destroy(client);
}

const GOODBYE_MS = 2000;

function streamOf(client: pg.ClientBase): unknown {
  const connection: unknown = Reflect.get(client, 'connection');
  return typeof connection === 'object' && connection !== null ? Reflect.get(connection, 'stream') : null;
}
