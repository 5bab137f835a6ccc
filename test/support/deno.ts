import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** Deno looks for deno.json where it is started. */
export const FUNCTION_FOLDER = resolve('supabase/functions/sync-user');

/** The binary itself: a signal to its npm wrapper would not reach it. */
const DENO = resolve('node_modules/deno/deno');

/**
 * npm specifiers are resolved in the node_modules of the repository, and only in the version that deno.json asks for;
 * on Supabase the same specifiers are resolved from the registry when the function is deployed.
 */
const OFFLINE = ['--node-modules-dir=manual', '--no-lock'];

/** All that the function may read, as on Supabase. */
const VARIABLES = ['SUPABASE_URL', 'SUPABASE_SECRET_KEYS', 'SUPABASE_SERVICE_ROLE_KEY', 'SYNC_USER_WEBHOOK_SECRET'];

type DenoProcess = ChildProcess & { output: () => string };

/** Starts Deno without a registry to reach: what is not installed is an error, not a download. */
function start(args: readonly string[], cwd: string, env: Record<string, string> = {}): DenoProcess {
  const child = spawn(DENO, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: '/usr/bin:/bin',
      DENO_DIR: resolve('node_modules/.cache/deno'),
      DENO_NO_UPDATE_CHECK: '1',
      NPM_CONFIG_REGISTRY: 'http://127.0.0.1:1',
      NO_COLOR: '1',
      ...env,
    },
  });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return Object.assign(child, { output: () => Buffer.concat(chunks).toString('utf8') });
}

/** Runs a command of Deno in the folder of the function, if no other is given, and throws what it printed if it fails. */
export async function deno(command: string, args: readonly string[] = [], cwd = FUNCTION_FOLDER): Promise<string> {
  const child = start([command, ...(command === 'check' || command === 'test' ? OFFLINE : []), ...args], cwd);
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`deno ${command} exits ${code}:\n${child.output()}`);
  return child.output();
}

/** The function as Supabase runs it: index.ts in a process of its own, which answers HTTP. */
export interface ServedFunction {
  url: string;
  /** the lines of its log so far, parsed */
  log: () => Record<string, unknown>[];
  output: () => string;
  stop: () => Promise<void>;
}

/** Starts the function with these variables on a free port. It may reach this machine only, and no file. */
export async function serveFunction(env: Record<string, string>): Promise<ServedFunction> {
  const rights = ['--no-prompt', '--allow-net=127.0.0.1', `--allow-env=${VARIABLES.join()}`];
  const child = start(['run', ...OFFLINE, ...rights, 'index.ts'], FUNCTION_FOLDER, {
    ...env,
    DENO_SERVE_ADDRESS: 'tcp:127.0.0.1:0',
  });
  const ended = once(child, 'close');
  let url: string | undefined;
  while (url === undefined && child.exitCode === null) {
    await Promise.race([ended, new Promise((wait) => setTimeout(wait, 20))]);
    url = /Listening on (http:\S+)\//.exec(child.output())?.[1];
  }
  if (url === undefined) throw new Error(`the function does not start: ${child.output()}`);
  const lines = () =>
    child
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'));
  return {
    url: `${url}/sync-user`,
    log: () => lines().map((line): Record<string, unknown> => JSON.parse(line)),
    output: child.output,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
