import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { serverAccount } from '../../src/demo/account.ts';
import { type Child, startChild } from '../../src/demo/child.ts';
import { writeLastWill } from '../../src/demo/last-will.ts';

const MISSING = 'PgBouncer is missing; install it with: apt-get install -y pgbouncer';

export interface PgBouncerOptions {
  mode: 'session' | 'transaction';
  /** Connections to the server, of each user in each database; default 3. */
  poolSize?: number;
  /** Further roles of the tests, by name. */
  roles?: readonly string[];
  /** On top of those below, as in pgbouncer.ini. */
  settings?: Readonly<Record<string, string | number>>;
}

export interface PgBouncer {
  readonly port: number;
  /** The connection string, led through the pooler; it knows postgres, supabase_admin and `roles`. */
  via(url: string): string;
  /** A row per pool of the database: how many clients wait, how many servers are in use, … */
  pools(): Promise<Record<string, unknown>[]>;
  /** What it said so far. */
  log(): string;
  /** At once: the clients lose their connections, nobody listens until `start`. */
  kill(): Promise<void>;
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where the program is; Debian has it outside of a user's PATH. Throws `MISSING`. */
export function findPgBouncer(): string {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find(isProgram);
  if (found === undefined) throw new Error(MISSING);
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first version with prepared statements in transaction mode, which are on by default since 1.24. */
const PREPARES = [1, 21];

/** Does this PgBouncer know `max_prepared_statements`? Debian 12 has 1.18, which does not. */
export async function knowsPreparedStatements(): Promise<boolean> {
  const { stdout } = await promisify(execFile)(findPgBouncer(), ['--version']);
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(stdout)?.map(Number) ?? [];
  return major > Number(PREPARES[0]) || minor >= Number(PREPARES[1]);
}

/** Starts a PgBouncer of the test's own in front of the server of a connection string, as an account without rights. */
export async function startPgBouncer(url: string, options: PgBouncerOptions): Promise<PgBouncer> {
  const program = findPgBouncer();
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'userdrift-pgbouncer-'));
  const port = await freePort();
  const files = await furnish(folder, port, new URL(url), options);
  if (account) for (const path of [folder, ...files]) await chown(path, account.uid, account.gid);
  const via = (to: string) => Object.assign(new URL(to), { hostname: '127.0.0.1', port: String(port) }).href;
  const console = Object.assign(new URL(via(url)), { pathname: 'pgbouncer' }).href;
  let child: Child | null = null;
  let revokeWill = () => {};
  const kill = async () => {
    child?.killGroup();
    await child?.ended;
    revokeWill();
  };
  const start = async () => {
    child = startChild(program, ['pgbouncer.ini'], { cwd: folder, account });
    revokeWill = writeLastWill(child.pid(), folder).revoke;
    await untilReady(child, console);
  };
  const dispose = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };
  await start().catch(async (error: unknown) => {
    await dispose();
    throw error;
  });
  return {
    port,
    via,
    async pools() {
      const rows = await ask(console, 'show pools');
      return rows.filter(({ database }) => database === new URL(url).pathname.slice(1));
    },
    log: () => child?.said() ?? '',
    kill,
    start,
    [Symbol.asyncDispose]: dispose,
  };
}

/** Writes its files; returns their paths. All roles of the tests have one password. */
async function furnish(folder: string, port: number, server: URL, options: PgBouncerOptions): Promise<string[]> {
  const { mode, poolSize = 3, roles = [], settings = {} } = options;
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: 'users.txt',
    admin_users: decodeURIComponent(server.username),
    pool_mode: mode,
    default_pool_size: poolSize,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const users = ['postgres', 'supabase_admin', ...roles].map(
    (role) => `"${role}" "${decodeURIComponent(server.password)}"\n`,
  );
  const files = {
    'pgbouncer.ini': `[databases]\n* = host=${server.hostname} port=${server.port}\n[pgbouncer]\n${lines.join('\n')}\n`,
    'users.txt': users.join(''),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  return Object.keys(files).map((name) => join(folder, name));
}

async function untilReady(child: Child, url: string): Promise<void> {
  const until = performance.now() + 10_000;
  for (;;) {
    const failure = await ask(url, 'show version').then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (child.isGone() || performance.now() > until) {
      throw new Error(`PgBouncer did not start:\n${child.said()}`, { cause: failure });
    }
    await sleep(25);
  }
}

/** The console speaks the simple protocol only. */
async function ask(url: string, command: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(command)).rows;
  } finally {
    await client.end().catch(() => {});
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
