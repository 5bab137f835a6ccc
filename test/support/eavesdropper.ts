import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Issued } from './certificate.ts';

/** A server that wants the password in the clear, and remembers all that it is told. */
export interface Eavesdropper {
  port: number;
  /** What clients sent: raw, and what came out of TLS. */
  heard(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Takes the place of a database server. Without a certificate it says that it has no TLS, and hopes for the best. */
export async function eavesdrop(certificate: Issued | null): Promise<Eavesdropper> {
  const sockets = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => heard.push(bytes));
    socket.once('data', (first: Buffer) => {
      const wantsTls = first.length === 8 && first.readInt32BE(4) === 80877103;
      if (!wantsTls) lead(socket);
      else if (certificate !== null) secure(socket, certificate, heard);
      else {
        socket.write('N');
        socket.once('data', () => lead(socket));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Buffer.concat(heard).toString('latin1'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function secure(socket: Socket, certificate: Issued, heard: Buffer[]): void {
  socket.write('S');
  const key = certificate.key.export({ type: 'pkcs8', format: 'pem' });
  const inner = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: certificate.pem, key }),
  });
  inner.on('error', () => {});
  inner.on('data', (bytes: Buffer) => heard.push(bytes));
  inner.once('data', () => lead(inner));
}

const CLEAR_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
const REFUSAL = Buffer.from('E\0\0\0\x1cSFATAL\0C28P01\0Mno such\0\0', 'latin1');

/** Asks who is there for the password, and then shows the door. */
function lead(socket: Socket): void {
  socket.write(CLEAR_PASSWORD);
  socket.once('data', () => socket.end(REFUSAL));
}
