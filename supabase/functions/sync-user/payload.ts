/** What a request asks for. Whatever else it says of the user is dropped here. */
export type Payload =
  /** `webhook`: sent by pg_net, which never asks again; `hook`: Supabase Auth waits for the answer, and so does a person */
  | { kind: 'webhook' | 'hook'; userId: string }
  /** a hook that runs before the user exists */
  | { kind: 'too_early' }
  | { kind: 'unknown'; message: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Reads the body of a request; fields of Auth hooks by supabase/auth `internal/hooks/v0hooks/v0hooks.go`. */
export function readPayload(text: string): Payload {
  const body = parse(text);
  if (!isObject(body)) return unknown('The body is not a JSON object.');
  if ('table' in body && 'record' in body) {
    return unknown('A stock database webhook sends the whole row of auth.users, password hash included: remove it.');
  }
  if (body.type === 'user.created') return withId('webhook', body.user_id, 'user_id');
  if (isObject(body.metadata) && isObject(body.user)) return readHook(body.metadata.name, body.user.id);
  return unknown('The body is neither a user.created event nor the after-user-created hook.');
}

function readHook(name: unknown, id: unknown): Payload {
  if (name === 'before-user-created') return { kind: 'too_early' };
  if (name !== 'after-user-created' && name !== undefined) {
    return unknown('Of the Auth hooks only after-user-created is served here.');
  }
  return withId('hook', id, 'user.id');
}

function withId(kind: 'webhook' | 'hook', id: unknown, field: string): Payload {
  if (typeof id !== 'string' || !UUID.test(id)) return unknown(`${field} is not a uuid.`);
  return { kind, userId: id.toLowerCase() };
}

function unknown(message: string): Payload {
  return { kind: 'unknown', message };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** A parser's message quotes what it could not parse, so none is passed on. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
