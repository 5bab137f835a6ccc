import { Fault } from '../fault.ts';

/** More than a hundred issues with bodies of the largest size that anybody writes. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface Patience {
  /** For one request, its answer included. */
  requestMs: number;
  /** Ends the request at once with its reason. */
  signal: AbortSignal;
}

/**
 * A `fetch` for places that are named by a secret: it follows no redirect, which would carry the secret elsewhere; it
 * ends in time; and it reads no more than 8 MB. Everything but an answer of the server itself is a Fault that speaks of
 * `what`, such as "the Slack webhook", and never of the URL.
 */
export function careful(what: string, { requestMs, signal }: Patience): typeof fetch {
  return async (input, init) => {
    signal.throwIfAborted();
    const limit = AbortSignal.timeout(requestMs);
    try {
      const answer = await fetch(input, { ...init, redirect: 'manual', signal: AbortSignal.any([signal, limit]) });
      if (answer.status === 0 || (answer.status >= 300 && answer.status < 400)) throw redirected(what, answer);
      return new Response(await bodyOf(answer, what), { status: answer.status, headers: answer.headers });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Fault) throw error;
      throw limit.aborted ? tooSlow(what, requestMs) : unreachable(what, error);
    }
  };
}

async function bodyOf(answer: Response, what: string): Promise<Uint8Array<ArrayBuffer> | null> {
  if (answer.body === null || answer.status === 204) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > MOST_BYTES) throw tooLarge(what);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function redirected(what: string, { status }: Response): Fault {
  return new Fault('redirected', `${what} answers with a redirect (${status}), and none is followed`, {
    fix: 'name the address that it leads to; a repository that was renamed has a new name',
  });
}

function tooLarge(what: string): Fault {
  return new Fault('answer_too_large', `${what} answers with more than ${MOST_BYTES / 1024 / 1024} MB`, {
    fix: 'check the address',
  });
}

function tooSlow(what: string, requestMs: number): Fault {
  return new Fault('no_answer', `${what} did not answer within ${requestMs / 1000} s`, {
    fix: 'run it again; if it stays so, check the network',
  });
}

/** The code alone: the message of the network can name the address. */
function unreachable(what: string, error: unknown): Fault {
  const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : null;
  const shown = typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? ` (${code})` : '';
  return new Fault('unreachable', `${what} cannot be reached${shown}`, {
    fix: 'check the address, the network and the proxy',
    cause: error,
  });
}
