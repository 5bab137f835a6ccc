import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { IMAGE } from '../../scripts/image/build.ts';
import { podman, podmanArgs } from '../../scripts/image/podman.ts';
import { expectNoCanary } from './people.ts';

export interface ContainerOptions {
  env?: Record<string, string>;
  /** folder of this machine → where it appears, and `:ro` unless it is to be written */
  volumes?: Record<string, string>;
  /** uid:gid instead of that of the image */
  user?: string;
  /** `host` (default): this machine's, where the test's database is; `none`: its own loopback alone */
  network?: 'host' | 'none';
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A container while it runs. */
export interface Container {
  name: string;
  /** What its `docker stop` does first. */
  stop(): void;
  done: Promise<Ended>;
}

/** As strict as an operator can be: read-only, without capabilities, without a way to gain any. */
const STRICT = ['--read-only', '--read-only-tmpfs=false', '--cap-drop', 'all', '--security-opt', 'no-new-privileges'];
/** The limits of podman's own are above those of many a machine, and lifting them is a privilege. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];

const started: string[] = [];

/** Ends what a failed test has left running. */
export function removeContainers(): void {
  if (started.length > 0) podman('rm', '--force', '--ignore', '--time', '0', ...started);
}

/** `docker run --rm IMAGE …` */
export function startContainer(args: readonly string[], options: ContainerOptions = {}): Container {
  const { env = {}, volumes = {}, user, network = 'host' } = options;
  const name = `userdrift-test-${randomBytes(6).toString('hex')}`;
  started.push(name);
  const flags = [
    // Podman has systemd start its health checks; the tests do it themselves.
    ...['--rm', '--name', name, '--network', network, '--no-healthcheck', ...STRICT, ...LIMITS],
    ...Object.keys(env).flatMap((variable) => ['--env', variable]),
    ...Object.entries(volumes).flatMap(([from, to]) => ['--volume', `${from}:${to}`]),
    ...(user === undefined ? [] : ['--user', user]),
  ];
  const child = spawn('podman', podmanArgs('run', ...flags, IMAGE, ...args), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
    });
  }
  const done = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...output }));
  }).then((ended) => {
    expectNoCanary(ended.stdout + ended.stderr);
    return ended;
  });
  done.catch(() => {});
  return { name, stop: () => void podman('kill', '--signal', stopSignal(name), name), done };
}

export function runContainer(args: readonly string[], options: ContainerOptions = {}): Promise<Ended> {
  return startContainer(args, options).done;
}

function stopSignal(name: string): string {
  return podman('container', 'inspect', '--format', '{{.Config.StopSignal}}', name);
}
