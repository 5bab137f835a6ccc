import { existsSync } from 'node:fs';
import { findPodman } from '../../scripts/image/podman.ts';
import { findChromium } from '../support/browser.ts';
import { findPgBouncer } from '../support/pgbouncer.ts';

/** What `npm test` does not need. Each throws one line that says how to install it. */
const REQUIREMENTS = [findPgBouncer, findPodman, findSystemd, findChromium, findShells];

function findSystemd(): void {
  if (!existsSync('/usr/bin/systemd-analyze')) {
    throw new Error('systemd-analyze is missing; install it with: apt-get install -y systemd');
  }
}

function findShells(): void {
  const shells = {
    zsh: '/usr/bin/zsh',
    fish: '/usr/bin/fish',
    'bash-completion': '/usr/share/bash-completion/bash_completion',
  };
  const missing = Object.entries(shells).flatMap(([name, path]) => (existsSync(path) ? [] : [name]));
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} missing; install with: apt-get install -y ${missing.join(' ')}`);
  }
}

/** A test that is left out because a program is missing would look like one that passed. */
export default function requireAll(): void {
  const missing = REQUIREMENTS.flatMap((find) => {
    try {
      find();
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
  if (missing.length > 0) throw new Error(missing.join('\n'));
}
