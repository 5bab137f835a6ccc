/** An answer of the Data API, or of what stands before it, that is not what was asked for. Nothing of its text is kept. */
export class Refusal extends Error {
  readonly status: number;
  /** SQLSTATE, or a code of PostgREST such as PGRST202; null: the answer has none */
  readonly code: string | null;
  /** The answer is JSON; else something that is no Data API has answered. */
  readonly json: boolean;
  /** What Retry-After asks for; null: nothing */
  readonly pauseMs: number | null;
  /** The right to execute one of our functions, or to enter their schema, is what is missing, as far as the text tells. */
  readonly ofFunction: boolean;

  constructor(fields: Pick<Refusal, 'status' | 'code' | 'json' | 'pauseMs' | 'ofFunction'>) {
    super(`status ${fields.status}${fields.code === null ? '' : ` (${fields.code})`}`);
    this.name = 'Refusal';
    this.status = fields.status;
    this.code = fields.code;
    this.json = fields.json;
    this.pauseMs = fields.pauseMs;
    this.ofFunction = fields.ofFunction;
  }

  /** The SQLSTATE of the database, if it was the database that refused. */
  get state(): string | null {
    return this.code !== null && /^[0-9A-Z]{5}$/.test(this.code) ? this.code : null;
  }
}

/** The longest pause that is believed; a run has an end. */
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_BODY = 64 * 1024;

/** The answer if it is a good one; else throws a Refusal. */
export async function accepted(response: Response): Promise<Response> {
  const json = /^application\/([\w.+-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
  // What a function that returns nothing is answered with.
  if (response.status === 204 || (response.ok && json)) return response;
  const body = await response.text();
  const { code, message } = json && body.length <= LONGEST_BODY ? fieldsOf(body) : { code: null, message: '' };
  throw new Refusal({
    status: response.status,
    code,
    json,
    pauseMs: pauseOf(response.headers.get('retry-after')),
    ofFunction: /\b(sync_users?_from_auth|userdrift_(measure|missing|record_run|history)|schema public)\b/.test(
      message,
    ),
  });
}

function fieldsOf(body: string): { code: string | null; message: string } {
  try {
    const document: unknown = JSON.parse(body);
    const field = (name: string): unknown =>
      typeof document === 'object' && document !== null ? Reflect.get(document, name) : null;
    const [code, message] = [field('code'), field('message')];
    return {
      code: typeof code === 'string' && /^[0-9A-Z]{1,12}$/.test(code) ? code : null,
      message: typeof message === 'string' ? message : '',
    };
  } catch {
    return { code: null, message: '' };
  }
}

/** Seconds, or a date. */
function pauseOf(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS) : null;
}
