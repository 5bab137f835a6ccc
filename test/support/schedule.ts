import { type CliOptions, type Running, start } from './cli.ts';

/** `userdrift schedule` while it runs. */
export interface Serving extends Running {
  get: (path: string, method?: string) => Promise<{ status: number; text: string; headers: Headers }>;
  /** The log so far. */
  log: () => Record<string, unknown>[];
  /** Waits until so many runs have ended; their lines of the log. */
  ended: (runs: number) => Promise<Record<string, unknown>[]>;
}

/** Times that no test meets: runs begin with --run-at-start only. */
export const NEVER = '0 0 1 1 *';

/** Starts `userdrift schedule` on any port, and waits until it serves. */
export async function serve(crontab: string, args: readonly string[] = [], options: CliOptions = {}): Promise<Serving> {
  const files = { crontab, ...options.files };
  const running = await start(['schedule', '--port', '0', '--run-at-start', ...args], { ...options, files });
  let stderr = '';
  running.child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const log = () =>
    stderr.split('\n').flatMap((line): Record<string, unknown>[] => (/^\{.*\}$/.test(line) ? [JSON.parse(line)] : []));
  const entries = async (message: string, count: number) => {
    const end = performance.now() + 20_000;
    while (performance.now() < end) {
      const found = log().filter(({ msg }) => msg === message);
      if (found.length >= count) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    running.kill('SIGKILL');
    throw new Error(`no ${count} × "${message}" in: ${stderr}`);
  };
  const [serving] = await entries('serving', 1);
  const url = String(serving?.url);
  return {
    ...running,
    log,
    ended: (runs) => entries('run ended', runs),
    async get(path, method = 'GET') {
      const response = await fetch(`${url}${path}`, { method });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
  };
}
