import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * An .npmrc that reaches the registry as the npm of this machine does: its address and its certificate authority. It goes into
 * the build as a secret, for nothing of it may be in the image.
 */
export function npmAccess(): string {
  const file = setting('cafile') ?? process.env.NODE_EXTRA_CA_CERTS;
  const ca = file === undefined ? '' : `ca=${JSON.stringify(readFileSync(file, 'utf8'))}\n`;
  return `registry=${setting('registry') ?? 'https://registry.npmjs.org/'}\n${ca}`;
}

function setting(name: string): string | undefined {
  const value = execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim();
  return value === '' || value === 'null' || value === 'undefined' ? undefined : value;
}
