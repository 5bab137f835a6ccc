import { chown, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Fault } from '../fault.ts';
import type { Account } from './account.ts';
import type { Address } from './address.ts';
import type { Binaries } from './binaries.ts';
import { type Child, runChild, startChild } from './child.ts';

/** Server settings by name, as in postgresql.conf. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** A data folder and what is needed to run a server on it. */
export interface Cluster {
  /** Holds everything of this server, and goes when it goes. */
  folder: string;
  dataDir: string;
  account: Account | null;
  binaries: Binaries;
  /** Of the superuser. */
  password: string;
}

/** A server that is thrown away: nothing is written for safety's sake. */
const THROW_AWAY: Settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: false,
  synchronous_commit: false,
  full_page_writes: false,
  max_connections: 100,
  shared_buffers: '128MB',
  max_wal_size: '4GB',
  // /dev/shm of a container has 64 MB, which one parallel hash join can exceed.
  ...(process.platform === 'linux' ? { dynamic_shared_memory_type: 'mmap' } : {}),
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  logging_collector: false,
  log_destination: 'stderr',
};

const HOST = '127.0.0.1';
const SUPERUSER = 'supabase_admin';
const START_MS = 60_000;
const PORT_ATTEMPTS = 5;
const PATIENCE_MS = 4000;

/** Runs initdb. */
export async function initialise(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { folder, dataDir, account } = cluster;
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, cluster.password, { mode: 0o600 });
  if (account) await chown(passwordFile, account.uid, account.gid);
  const args = [
    `--pgdata=${dataDir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(await builtinLocale(cluster, signal)),
    '--no-sync',
    '--no-instructions',
  ];
  const { code, said } = await runChild(cluster.binaries.initdb, args, { cwd: folder, account, signal });
  await rm(passwordFile, { force: true });
  if (code !== 0) throw startFault('initdb failed', said);
}

/** With the builtin provider, new in 17, text sorts alike on every machine and `upper` knows more than ASCII. */
async function builtinLocale({ folder, account, binaries }: Cluster, signal: AbortSignal): Promise<string[]> {
  const { said } = await runChild(binaries.initdb, ['--version'], { cwd: folder, account, signal });
  const major = Number(/ (\d+)/.exec(said)?.[1]);
  return major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : [];
}

/** Starts the server on a port that is free, and on another one if somebody takes it before the server binds it. */
export async function launchOnFreePort(
  cluster: Cluster,
  settings: Settings,
  signal: AbortSignal,
  pickPort: () => Promise<number> = freePort,
): Promise<{ child: Child; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await pickPort();
    try {
      return { child: await launch(cluster, port, settings, signal), port };
    } catch (error) {
      const taken = error instanceof Fault && error.message.includes('could not bind');
      if (!taken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/** Starts the server and waits until it accepts connections. Throws a Fault with its last log lines when it ends instead. */
export async function launch(cluster: Cluster, port: number, settings: Settings, signal: AbortSignal): Promise<Child> {
  signal.throwIfAborted();
  const all = Object.entries({ ...THROW_AWAY, ...settings, port });
  const args = ['-D', cluster.dataDir, ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const child = startChild(cluster.binaries.postgres, args, { cwd: cluster.folder, account: cluster.account });
  try {
    await untilReady(child, superuserAddress(cluster, port), signal);
    return child;
  } catch (error) {
    await endServer(child, ['SIGQUIT', 'SIGKILL']);
    throw error;
  }
}

/** Asks until the server answers. The password is random, so an answer proves that it is this server. */
async function untilReady(child: Child, address: Address, signal: AbortSignal): Promise<void> {
  const until = performance.now() + START_MS;
  while (!(await answers(address))) {
    if (child.isGone()) throw startFault('PostgreSQL did not start', (await child.ended).said);
    if (performance.now() > until) throw startFault('PostgreSQL accepted no connection for a minute', child.said());
    await sleep(25);
    signal.throwIfAborted();
  }
  signal.throwIfAborted();
}

async function answers(address: Address): Promise<boolean> {
  const client = new pg.Client({ ...address, ssl: false, connectionTimeoutMillis: 2000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Sends one signal after the other, each with a few seconds to work: SIGINT is a fast shutdown, SIGQUIT an immediate one.
 * SIGKILL comes last, because it leaks a segment of shared memory.
 */
export async function endServer(
  child: Child,
  signals: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGKILL'],
): Promise<void> {
  for (const name of signals) {
    if (child.isGone()) break;
    child.process.kill(name);
    const soon = new AbortController();
    await Promise.race([child.ended, sleep(PATIENCE_MS, undefined, { signal: soon.signal }).catch(() => {})]);
    soon.abort();
  }
}

/** The superuser's way in, to the database `postgres`. */
export function superuserAddress(cluster: Cluster, port: number): Address {
  return { host: HOST, port, user: SUPERUSER, password: cluster.password, database: 'postgres' };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject);
    probe.listen(0, HOST, resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (!address || typeof address === 'string') throw new Fault('no_free_port', `no free port on ${HOST}`);
  return address.port;
}

function startFault(what: string, said: string): Fault {
  const last = said.trim().split('\n').slice(-8).join('\n');
  const closed = /permission denied/i.test(last) ? 'set TMPDIR to a folder that every user can enter, e.g. /tmp' : null;
  return new Fault('demo_server_failed', `${what}:\n${last}`, { fix: closed });
}
