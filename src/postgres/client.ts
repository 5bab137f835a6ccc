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
  const connection: unknown = Reflect.get(client, 'connection');
  if (typeof connection !== 'object' || connection === null) return;
  const stream: unknown = Reflect.get(connection, 'stream');
  if (stream !== null && typeof stream === 'object' && 'destroy' in stream && typeof stream.destroy === 'function') {
    stream.destroy();
  }
}
