/** What a client sends before it waits for an answer: everything up to and with a Query, Sync or Flush. */
export interface Turn {
  /** The statement that it runs; null: it logs in, only prepares a statement, or says goodbye. */
  text: string | null;
  /** The types of its messages, such as `PBDES`. The start-up message, which has none, is `0`. */
  types: string;
  bytes: Buffer;
}

/** Reads the client's side of PostgreSQL's protocol, as far as it tells which statement runs. No TLS, no COPY. */
export class Requests {
  readonly #statements = new Map<string, string>();
  readonly #portals = new Map<string, string>();
  #rest = Buffer.alloc(0);
  #started = false;
  #pending: Buffer[] = [];
  #types = '';
  #text: string | null = null;

  /** The turns that are complete with these bytes. */
  read(chunk: Buffer): Turn[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const turns: Turn[] = [];
    for (let message = this.#next(); message; message = this.#next()) {
      this.#pending.push(message.bytes);
      this.#types += message.type;
      this.#note(message.type, message.bytes);
      if (!'PBDEC'.includes(message.type)) turns.push(this.#turn());
    }
    return turns;
  }

  #next(): { type: string; bytes: Buffer } | null {
    const bytes = firstMessage(this.#rest, this.#started ? 1 : 0);
    if (!bytes) return null;
    this.#rest = this.#rest.subarray(bytes.length);
    const type = this.#started ? typeOf(bytes) : '0';
    this.#started = true;
    return { type, bytes };
  }

  #note(type: string, bytes: Buffer): void {
    const [first = '', second = ''] = stringsIn(bytes);
    if (type === 'P') this.#statements.set(first, second);
    if (type === 'B') this.#portals.set(first, this.#statements.get(second) ?? '');
    if (type === 'E') this.#text = this.#portals.get(first) ?? '';
    if (type === 'Q') this.#text = first;
  }

  #turn(): Turn {
    const turn = { text: this.#text, types: this.#types, bytes: Buffer.concat(this.#pending) };
    this.#pending = [];
    this.#types = '';
    this.#text = null;
    return turn;
  }
}

/** Cuts the server's side into messages. */
export class Replies {
  #rest = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (let bytes = firstMessage(this.#rest, 1); bytes; bytes = firstMessage(this.#rest, 1)) {
      this.#rest = this.#rest.subarray(bytes.length);
      yield bytes;
    }
  }
}

/** Is this message of the server the last one of its answer to a turn? */
export function endsAnswer(message: Buffer, { types }: Turn): boolean {
  // After a Flush the server does not say that it is ready: the answer ends with the rows or with an error.
  return (types.endsWith('H') ? 'CsIE' : 'Z').includes(typeOf(message));
}

function firstMessage(bytes: Buffer, head: 0 | 1): Buffer | null {
  if (bytes.length < head + 4) return null;
  const length = head + bytes.readUInt32BE(head);
  return bytes.length < length ? null : bytes.subarray(0, length);
}

function typeOf(message: Buffer): string {
  return message.toString('latin1', 0, 1);
}

/** The first two strings of a message's body. */
function stringsIn(message: Buffer): string[] {
  const end = message.indexOf(0, 5);
  return [message.toString('utf8', 5, end), message.toString('utf8', end + 1, message.indexOf(0, end + 1))];
}
