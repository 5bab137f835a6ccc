/**
 * The one error that is meant for the person who runs userdrift: what is wrong in one line, and what to do about it.
 * It never carries a value from the database: `cause` is shown with `--log-level debug` only, and scrubbed there too.
 */
export class Fault extends Error {
  readonly code: string;
  readonly fix: string | null;
  readonly verdict: 'failed' | 'inconclusive' | 'refused' | 'busy' | 'usage';

  /** `code` is snake_case and stable: it becomes `reason.code` of the report. */
  constructor(
    code: string,
    message: string,
    options: { fix?: string | null; verdict?: Fault['verdict']; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.fix = options.fix ?? null;
    this.verdict = options.verdict ?? 'failed';
  }
}

/** The message of an unforeseen error stays inside: it could quote a row. */
export function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  const state = typeof code === 'string' && /^[0-9A-Z_]{2,40}$/.test(code) ? ` (${code})` : '';
  return new Fault('unexpected', `the run stopped on an unexpected error${state}`, {
    fix: 'run it again with --log-level debug to see where',
    cause: error,
  });
}
