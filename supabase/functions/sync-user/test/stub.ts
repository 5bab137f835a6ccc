/** What the stand-in for the Data API answers to one call. */
export type Reply =
  | { status?: number; body: unknown; headers?: Record<string, string> }
  /** no answer before the caller gives up */
  | 'hangs';

export interface Stub extends AsyncDisposable {
  url: string;
  /** what it was asked, in order */
  calls: { path: string; method: string; apikey: string | null; body: unknown }[];
}

/** Answers the calls with one reply after the other, and the last one for ever. */
export function startStub(...replies: [Reply, ...Reply[]]): Stub {
  const calls: Stub['calls'] = [];
  const gone = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: () => {} }, async (request) => {
    const reply = replies[calls.length] ?? replies.at(-1) ?? replies[0];
    const { pathname } = new URL(request.url);
    const { method, headers } = request;
    calls.push({ path: pathname, method, apikey: headers.get('apikey'), body: await request.json() });
    if (reply === 'hangs') {
      await gone.promise;
      return new Response(null, { status: 504 });
    }
    return Response.json(reply.body, { status: reply.status ?? 200, headers: reply.headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    calls,
    async [Symbol.asyncDispose]() {
      gone.resolve();
      await server.shutdown();
    },
  };
}

/** What the function in the database says of a user. */
export const says = (status: string): Reply => ({ body: { status, mapping: '0123456789abcdef' } });

/** How PostgREST reports an error of the database. */
export const fails = (code: string, status: number): Reply => ({
  status,
  body: { code, message: 'duplicate key', details: 'Key (email)=(canary@example.com) already exists.', hint: null },
});
