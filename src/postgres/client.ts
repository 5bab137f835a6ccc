import { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import pg from 'pg';

/** pg leaves the socket of a failed login open, and with it the process, until the server loses its patience. */
export class Client extends pg.Client {
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

/** Cuts the connection off, whatever it is doing. */
export function destroy(client: pg.Client): void {
  const stream = streamOf(client);
  if (stream instanceof Duplex) stream.destroy();
}

/** The version of TLS that the connection speaks; null: it is in the clear. */
export function protocolOf(client: pg.ClientBase): string | null {
  const stream = streamOf(client);
  return stream instanceof TLSSocket ? stream.getProtocol() : null;
}

function streamOf(client: pg.ClientBase): unknown {
  const connection: unknown = Reflect.get(client, 'connection');
  return typeof connection === 'object' && connection !== null ? Reflect.get(connection, 'stream') : null;
}
