import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { init } from '../../src/commands/init.ts';
import type { InitFlags } from '../../src/commands/init-flags.ts';
import { expectNoCanary } from './people.ts';

/** A project directory that goes with the test. */
export async function projectWith(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'userdrift-init-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Every file below it. */
export async function filesIn(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map(async (path) => [relative(directory, path), await readFile(path, 'utf8')]));
  return Object.fromEntries(texts);
}

/** The command in this process; throws its Fault. */
export async function runInit(url: string, dir: string, flags: InitFlags = { yes: true }) {
  const said: string[] = [];
  const out = (text: string) => {
    said.push(text);
  };
  const terminal = { ...quietTerminal({ DATABASE_URL: url }), out };
  const code = await init({ dir, ...flags }, terminal);
  expectNoCanary(said.join(''));
  return { code, out: said.join('') };
}
