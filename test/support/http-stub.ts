import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** One request as the server has received it. */
export interface Heard {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
  /** performance.now() */
  at: number;
}

/** How a request is answered. */
export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** An object is sent as JSON. */
  body?: unknown;
}

type Handler = (heard: Heard) => Answer | Misbehaviour;
/** `stall`: no answer; `half`: the head of one, and then nothing; `flood`: 10 MB; `cut`: the connection is closed. */
export type Misbehaviour = 'stall' | 'half' | 'flood' | 'cut';

export interface HttpStub {
  url: string;
  heard: Heard[];
  close(): Promise<void>;
}

/** A real HTTP server on this machine. */
export async function serve(handler: Handler): Promise<HttpStub> {
  const heard: Heard[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://stub');
      const each = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        at: performance.now(),
      };
      heard.push(each);
      send(handler(each), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`, heard, close };
}

function send(answer: Answer | Misbehaviour, response: ServerResponse): void {
  if (answer === 'stall') return;
  if (answer === 'cut') return void response.destroy();
  if (answer === 'half') return void response.writeHead(200, { 'content-type': 'application/json' }).write('[');
  if (answer === 'flood') return void response.writeHead(200, { 'content-type': 'application/json' }).end(FLOOD);
  const { status = 200, headers = {}, body } = answer;
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text);
}

const FLOOD = Buffer.alloc(10 * 1024 * 1024, ' ');
