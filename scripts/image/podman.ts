import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A store of its own, which the machine's other images and containers do not notice. Podman wants its path short, and a base
 * image that took half a minute should outlive `npm ci`.
 */
const STORE = '/var/tmp/userdrift-image';

/** The PATH of an administrator, which the one of a service or of a `su` without a dash is not. */
export function adminPath(): string {
  return [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);
}

/** Throws what to install if one of the programs is missing that build and run images without an engine. */
export function findPodman(): void {
  const folders = adminPath().split(delimiter);
  const isThere = (program: string) => folders.some((folder) => existsSync(join(folder, program)));
  const missing = ['podman', 'debootstrap'].filter((program) => !isThere(program));
  if (!isThere('runc') && !isThere('crun')) missing.push('runc');
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} missing; install with: apt-get install -y podman runc debootstrap`);
  }
  // A store and a mounted image of a user without rights need user namespaces, which not every machine has.
  if (process.getuid?.() !== 0) throw new Error('images are built and looked into as root');
}

/** The command line of podman that works on the store. */
export function podmanArgs(...args: string[]): string[] {
  mkdirSync(STORE, { recursive: true });
  return ['--root', join(STORE, 'root'), '--runroot', join(STORE, 'run'), ...args];
}

/** What podman prints; throws with what it said when it fails. */
export function podman(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync('podman', podmanArgs(...args), {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: { ...process.env, PATH: adminPath() },
  });
  if (status !== 0) throw new Error(`podman ${args[0]} failed:\n${stdout}${stderr}`, { cause: error });
  return stdout.trim();
}

/** As `podman`, with its output where the person who waits for it sees it. */
export function podmanAloud(...args: string[]): void {
  execFileSync('podman', podmanArgs(...args), {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, PATH: adminPath() },
  });
}
