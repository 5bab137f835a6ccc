import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { adminPath, podman, podmanAloud } from './podman.ts';

/** The base image that the Dockerfile names. */
export interface Base {
  name: string;
  digest: string;
}

/** The name and digest in the Dockerfile. */
function namedBase(): Base {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const argument = (name: string) => {
    const [, value] = new RegExp(`^ARG ${name}=(\\S+)$`, 'm').exec(dockerfile) ?? [];
    if (value === undefined) throw new Error(`the Dockerfile has no default for ${name}`);
    return value;
  };
  return { name: `docker.io/library/node:${argument('NODE_TAG')}`, digest: argument('NODE_DIGEST') };
}

/** The base image in the store: the one that the Dockerfile names or, where no registry can be reached, a stand-in for it. */
export function baseImage(say: (line: string) => void): Base {
  const named = namedBase();
  try {
    podman('pull', '--quiet', `${named.name}@${named.digest}`);
    return named;
  } catch {
    return { name: named.name, digest: standIn(named.name, say) };
  }
}

/** Tags the stand-in, built where the store has none, with the name of what it stands for; returns its digest. */
function standIn(name: string, say: (line: string) => void): string {
  const tag = `localhost/node-stand-in:${recipeHash(name)}`;
  if (podman('image', 'ls', '--quiet', tag) === '') {
    say(`no registry: a stand-in for ${name} out of Debian packages and the Node.js of node_modules`);
    buildStandIn(name, tag);
  }
  podman('tag', tag, name);
  return podman('image', 'inspect', '--format', '{{.Digest}}', name);
}

/** Another one for every change of this file and of what it stands for. */
function recipeHash(name: string): string {
  return createHash('sha256')
    .update(name)
    .update(readFileSync(import.meta.filename))
    .digest('hex')
    .slice(0, 12);
}

function buildStandIn(name: string, tag: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'userdrift-base-'));
  const root = join(folder, 'root');
  try {
    layOut(root, name);
    // COPY would drop the setuid bits.
    execFileSync('tar', ['-C', root, '-cf', join(folder, 'root.tar'), '.']);
    rmSync(root, { recursive: true });
    writeFileSync(join(folder, 'Dockerfile'), RECIPE);
    podmanAloud('build', '--quiet', '--isolation', 'chroot', '--network', 'host', '--tag', tag, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the official image has and userdrift could come to lean on: the account, the paths, the environment. */
const RECIPE = `FROM scratch
ADD root.tar /
RUN groupadd --gid 1000 node && useradd --uid 1000 --gid node --shell /bin/bash --create-home node
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["node"]
`;

/** The root file system: the Debian of the tag, Node.js and npm where the official image has them. */
function layOut(root: string, name: string): void {
  const [, release = ''] = /-(\w+)-slim$/.exec(name) ?? [];
  const packages = '--include=ca-certificates,libatomic1,libstdc++6';
  execFileSync('debootstrap', ['--variant=minbase', packages, release, root], {
    stdio: ['ignore', 'ignore', 2],
    env: { ...process.env, PATH: adminPath() },
  });
  for (const left of ['var/cache/apt', 'var/lib/apt/lists', 'var/log']) {
    rmSync(join(root, left), { recursive: true });
    mkdirSync(join(root, left), { recursive: true });
  }
  const local = join(root, 'usr/local');
  copyFileSync('node_modules/node/bin/node', join(local, 'bin/node'));
  chmodSync(join(local, 'bin/node'), 0o755);
  cpSync(npmFolder(), join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const command of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${command}-cli.js`, join(local, 'bin', command));
  }
}

/** Where the npm of this machine is installed: `bin/npm` is a link into it. */
function npmFolder(): string {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const command = folders.map((folder) => join(folder, 'npm')).find((path) => existsSync(path));
  if (command === undefined) throw new Error('there is no npm in PATH');
  return join(dirname(realpathSync(command)), '..');
}
