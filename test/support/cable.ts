import { connect, createServer, type Socket } from 'node:net';

/** A cable to a database server, to listen to and to cut. */
export interface Cable {
  url: string;
  /** All that the server has said. */
  heard(): string;
  /** Cuts the connections whose last message to the server has this text in it; returns how many. */
  cut(text: string): number;
  close(): void;
}

/** Lays a cable between a test and the server of `url`. */
export async function cableTo(url: string): Promise<Cable> {
  const real = new URL(url);
  const said = new Map<Socket, string>();
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    const onward = connect(Number(real.port), real.hostname);
    for (const end of [socket, onward]) end.on('error', () => {});
    socket.on('data', (chunk: Buffer) => said.set(socket, chunk.toString('latin1')));
    onward.on('data', (chunk: Buffer) => heard.push(chunk));
    socket.on('close', () => {
      onward.destroy();
      said.delete(socket);
    });
    onward.on('close', () => socket.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === 'object' ? address?.port : 0);
  const cut = (text: string) => {
    const hit = [...said].filter(([, last]) => last.includes(text));
    for (const [socket] of hit) socket.destroy();
    return hit.length;
  };
  return {
    url: through.href,
    heard: () => Buffer.concat(heard).toString('latin1'),
    cut,
    close: () => {
      cut('');
      server.close();
    },
  };
}
