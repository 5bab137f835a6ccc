import { scrub } from '../postgres/sqlstate.ts';

/** What a log may tell of an error: codes and frames, never a message, which can quote a row. */
export function troubleOf(error: unknown): object {
  return { error: scrub(error), cause: causeOf(error), at: stackOf(error) };
}

/** What an error is called, as far as a log may say it: the code of a Fault, of PostgreSQL, of PostgREST or of Node. */
export function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  return typeof code === 'string' && /^\w{2,40}$/.test(code) ? code : 'unexpected';
}

function causeOf(error: unknown): object | null {
  return error instanceof Error && error.cause !== undefined ? scrub(error.cause) : null;
}

/** The frames alone: the first line of a stack is the message. */
function stackOf(error: unknown): string[] {
  const frames = error instanceof Error ? (error.stack ?? '').split('\n') : [];
  return frames.map((line) => line.trim()).filter((line) => line.startsWith('at '));
}
