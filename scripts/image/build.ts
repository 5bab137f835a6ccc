import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseImage } from './base.ts';
import { npmAccess } from './npm-access.ts';
import { podman, podmanAloud } from './podman.ts';

/** Each clone has an image of its own in the store that they share. */
export const IMAGE = `localhost/userdrift:${createHash('sha256').update(process.cwd()).digest('hex').slice(0, 12)}`;

/**
 * Builds the Dockerfile of the working directory as `IMAGE`, over its base image or a stand-in for it, and returns the base's
 * name in the store. Takes two minutes the first time.
 */
export function buildImage(say: (line: string) => void): string {
  const base = baseImage(say);
  const folder = mkdtempSync(join(tmpdir(), 'userdrift-npmrc-'));
  const npmrc = join(folder, 'npmrc');
  writeFileSync(npmrc, npmAccess(), { mode: 0o600 });
  const args = { NODE_DIGEST: base.digest, VERSION: version(), REVISION: revision() };
  try {
    podmanAloud(
      'build',
      '--quiet',

      ...['--isolation', 'chroot', '--network', 'host', '--pull=never', '--secret', `id=npmrc,src=${npmrc}`],
      // The format of podman's own has no place for a HEALTHCHECK.
      ...['--format', 'docker', '--tag', IMAGE],
      ...Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]),
      '.',
    );
    podman('image', 'prune', '--force');
    return `${base.name.replace(/:[^:]*$/, '')}@${base.digest}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0';
}

function revision(): string {
  const { status, stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}
