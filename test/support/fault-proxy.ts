import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { endsAnswer, Replies, Requests, type Turn } from './wire.ts';

/** What becomes of a connection: `cut` ends it as a server does that dies, `reset` as a router does, `hang` says nothing. */
export type Deed = 'cut' | 'reset' | 'hang' | ((wire: Wire) => unknown);

export interface Fault {
  /** Which statements it waits for, by their text. */
  on: RegExp;
  /** Before the statement reaches the server, or after the server is done with it and before the client hears so. */
  at: 'request' | 'reply';
  /** A function is awaited; then the message goes its way, if it still can. */
  do: Deed;
  /** Strikes the nth of these statements first, counted from 1 over all connections; default 1. */
  nth?: number;
  /** And so many from there on; default 1. */
  times?: number;
}

/** How often the statement came by, and how often the fault struck. */
export interface Strikes {
  seen: number;
  struck: number;
}

export interface FaultProxy {
  readonly port: number;
  /** The connections that are open now, and those that hang. */
  readonly wires: ReadonlySet<Wire>;
  /** Every statement that came by, in order. */
  readonly texts: readonly string[];
  /** The connection string, led through here. */
  via(url: string): string;
  fault(fault: Fault): Strikes;
  /** Holds every message for so long, in both directions. */
  delay(ms: number): void;
  /** All connections of now and those to come, until `restore`: bytes vanish and nobody is told. */
  hang(direction?: Direction): void;
  restore(): void;
  cutAll(): void;
  /** Nobody listens any more; open connections live on. */
  refuse(): Promise<void>;
  accept(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type Direction = 'requests' | 'replies' | 'both';

/** A TCP proxy on 127.0.0.1 in front of the server or pooler of a connection string; it loses what it is told to lose. No TLS. */
export async function startFaultProxy(url: string): Promise<FaultProxy> {
  const { hostname: host, port: behind } = new URL(url);
  const plan: Plan = { faults: [], texts: [], delayMs: 0, hanging: null };
  const wires = new Set<Wire>();
  const admit = (client: Socket) => {
    const wire = new Wire(client, connect({ host, port: Number(behind), noDelay: true }), plan);
    wires.add(wire);
    void wire.gone.then(() => wires.delete(wire));
    if (plan.hanging) wire.hang(plan.hanging);
  };
  let listener = await listen(admit, 0);
  const { port } = listener.address() as AddressInfo;
  const refuse = async () => {
    if (!listener.listening) return;
    listener.close();
    // The event 'close' waits for the connections, too.
    await sleep(0);
  };
  return {
    port,
    wires,
    texts: plan.texts,
    via: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    fault(fault) {
      const strikes = { seen: 0, struck: 0 };
      plan.faults.push({ fault, strikes });
      return strikes;
    },
    delay: (ms) => {
      plan.delayMs = ms;
    },
    hang(direction = 'both') {
      plan.hanging = direction;
      for (const wire of wires) wire.hang(direction);
    },
    restore: () => {
      plan.hanging = null;
    },
    cutAll() {
      for (const wire of wires) wire.cut();
    },
    refuse,
    async accept() {
      if (!listener.listening) listener = await listen(admit, port);
    },
    async [Symbol.asyncDispose]() {
      await refuse();
      for (const wire of wires) wire.cut();
    },
  };
}

async function listen(admit: (client: Socket) => void, port: number): Promise<Server> {
  const server = createServer({ noDelay: true }, admit);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

interface Plan {
  faults: { fault: Fault; strikes: Strikes }[];
  texts: string[];
  delayMs: number;
  hanging: Direction | null;
}

/** One connection through the proxy. */
export class Wire {
  /** Every statement that came by here, in order. */
  readonly texts: string[] = [];
  /** Settles when both ends are closed. */
  readonly gone: Promise<unknown>;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #plan: Plan;
  readonly #lost = { requests: false, replies: false };
  /** A turn whose answer a fault waits for, and what came of the answer. */
  #awaited: { turn: Turn; deed: Deed; held: Buffer[] } | null = null;

  constructor(client: Socket, server: Socket, plan: Plan) {
    this.#client = client;
    this.#server = server;
    this.#plan = plan;
    const requests = new Requests();
    const replies = new Replies();
    this.#pump(client, server, async (chunk) => {
      for (const turn of requests.read(chunk)) await this.#request(turn);
    });
    this.#pump(server, client, async (chunk) => {
      for (const message of replies.read(chunk)) await this.#reply(message);
    });
    this.gone = Promise.all([client, server].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  }

  /** Both ends see an orderly end of the connection, in the middle of whatever was said. */
  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  /** The client gets ECONNRESET. */
  reset(): void {
    this.#client.resetAndDestroy();
    this.#server.destroy();
  }

  /** From here on what is sent vanishes. The server keeps its end even when the client gives up. */
  hang(direction: Direction = 'both'): void {
    this.#lost.requests ||= direction !== 'replies';
    this.#lost.replies ||= direction !== 'requests';
  }

  /** Hands chunks on in order, one at a time, and the end after them. */
  #pump(from: Socket, to: Socket, pass: (chunk: Buffer) => Promise<void>): void {
    let tail: Promise<void> = Promise.resolve();
    const then = (step: () => Promise<void> | void) => {
      tail = tail.then(step).catch(() => this.cut());
    };
    from.on('error', () => {});
    from.on('data', (chunk: Buffer) => {
      const { delayMs } = this.#plan;
      then(() => (delayMs > 0 ? sleep(delayMs) : undefined));
      then(() => pass(chunk));
    });
    from.on('close', () =>
      then(() => {
        if (!this.#lost.requests && !this.#lost.replies) to.destroySoon();
      }),
    );
  }

  async #request(turn: Turn): Promise<void> {
    if (turn.text !== null) this.texts.push(turn.text);
    if (turn.text !== null) this.#plan.texts.push(turn.text);
    for (const fault of this.#striking(turn)) {
      if (fault.at === 'request') await this.#strike(fault.do);
      else this.#awaited = { turn, deed: fault.do, held: [] };
    }
    if (!this.#lost.requests && this.#server.writable) this.#server.write(turn.bytes);
  }

  async #reply(message: Buffer): Promise<void> {
    const awaited = this.#awaited;
    awaited?.held.push(message);
    if (awaited && !endsAnswer(message, awaited.turn)) return;
    this.#awaited = null;
    if (awaited) await this.#strike(awaited.deed);
    const bytes = awaited ? Buffer.concat(awaited.held) : message;
    if (!this.#lost.replies && this.#client.writable) this.#client.write(bytes);
  }

  #striking({ text }: Turn): Fault[] {
    if (text === null) return [];
    return this.#plan.faults
      .filter(({ fault, strikes }) => {
        if (!fault.on.test(text)) return false;
        strikes.seen += 1;
        const first = fault.nth ?? 1;
        const due = strikes.seen >= first && strikes.seen < first + (fault.times ?? 1);
        if (due) strikes.struck += 1;
        return due;
      })
      .map(({ fault }) => fault);
  }

  async #strike(deed: Deed): Promise<void> {
    if (deed === 'cut') this.cut();
    else if (deed === 'reset') this.reset();
    else if (deed === 'hang') this.hang();
    else await deed(this);
  }
}
