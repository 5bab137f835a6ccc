import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { Client } from '../../src/postgres/client.ts';

/** One message of the protocol: its letter, its length, its body. */
function message(letter: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(letter), length, Buffer.from(body)]);
}

const WELCOME = [message('R', '\0\0\0\0'), message('Z', 'I')];
const FAREWELL = message('E', 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0');

test('a server that shuts down in the breath in which it lets somebody in does not end the process', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([...WELCOME, FAREWELL])));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on('uncaughtException', note);
  try {
    const client = new Client({ host: '127.0.0.1', port, user: 'nobody', database: 'nothing', ssl: false });
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    await client.connect();
    await ended;
    await expect(client.query('select 1')).rejects.toThrow();
    expect(uncaught).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
    server.close();
  }
});
