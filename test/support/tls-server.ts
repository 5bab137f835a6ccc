import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Issued } from './certificate.ts';

/** What a server does with a client, up to and with the first answer to its start-up message. */
export interface Manners {
  /** null: it answers that it has no TLS */
  certificate: Issued | null;
  /** 'close' hangs up at once; else the fields of an ErrorResponse */
  answer: 'close' | { S: string; C: string; M: string };
}

export interface LoneServer {
  port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The server's side of PostgreSQL's TLS negotiation, for chains and refusals that a real server is not asked to have. */
export async function listen(manners: Manners): Promise<LoneServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (first) => negotiate(socket, first, manners));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function negotiate(socket: Socket, first: Buffer, { certificate, answer }: Manners): void {
  const wantsTls = first.length === 8 && first.readInt32BE(4) === 80877103;
  if (answer === 'close') {
    socket.destroy();
  } else if (!wantsTls) {
    socket.end(errorResponse(answer));
  } else if (certificate === null) {
    socket.write('N');
  } else {
    socket.write('S');
    const secureContext = createSecureContext({
      cert: certificate.pem,
      key: certificate.key.export({ type: 'pkcs8', format: 'pem' }),
    });
    const secure = new TLSSocket(socket, { isServer: true, secureContext });
    secure.on('error', () => {});
    secure.once('data', () => secure.end(errorResponse(answer)));
  }
}

function errorResponse(fields: Record<string, string>): Buffer {
  const body = Object.entries(fields).map(([name, value]) => `${name}${value}\0`);
  const text = Buffer.from(`${body.join('')}\0`);
  const head = Buffer.from('E....');
  head.writeInt32BE(text.length + 4, 1);
  return Buffer.concat([head, text]);
}
