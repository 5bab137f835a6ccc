import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fault } from '../fault.ts';
import { changeOf, type PlannedFile, type Site, TEMPLATES } from '../init/files.ts';
import type { FileChange } from '../proposal.ts';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const MIGRATIONS = 'supabase/migrations';

/** The project in `directory` as it is, and what the package brings to it. Throws a Fault for what cannot be read. */
export async function readSite(directory: string, version: string): Promise<Site> {
  const migrations = await namesIn(join(directory, MIGRATIONS));
  const configToml = await textOf(join(directory, 'supabase/config.toml'));
  return {
    configToml,
    // The folder alone may have come with an Edge Function of ours.
    supabase: configToml !== null || migrations.length > 0,
    migrations: await textsOf(
      directory,
      MIGRATIONS,
      migrations.filter((name) => name.includes('_userdrift_')),
      (path) => path.slice(MIGRATIONS.length + 1),
    ),
    templates: await templates(),
    action: `userdrift/userdrift@v${version}`,
    now: new Date(),
  };
}

async function templates(): Promise<Map<string, string>> {
  const names = (await namesIn(join(PACKAGE, TEMPLATES.edge))).filter((name) => /\.(ts|json)$/.test(name));
  const edge = names.toSorted((a, b) => (a < b ? -1 : 1)).map((name) => `${TEMPLATES.edge}/${name}`);
  return textsOf(PACKAGE, '', [TEMPLATES.crontab, TEMPLATES.workflow, ...edge], (path) => path);
}

async function textsOf(
  root: string,
  folder: string,
  names: readonly string[],
  as: (path: string) => string,
): Promise<Map<string, string>> {
  const paths = names.map((name) => (folder === '' ? name : `${folder}/${name}`));
  const entries = await Promise.all(
    paths.map(async (path) => [as(path), (await textOf(join(root, path))) ?? ''] as const),
  );
  return new Map(entries);
}

function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** null: there is no such file. */
export async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new Fault('file_unreadable', `${path} cannot be read (${code})`, {
      fix: 'move it away, or make it readable',
      cause: error,
    });
  }
}

/** What would happen to each file. */
export function changesIn(directory: string, files: readonly PlannedFile[]): Promise<FileChange[]> {
  return Promise.all(files.map(async (file) => changeOf(file, await textOf(join(directory, file.path)))));
}

/** Writes what is new or changed: all of it beside its place first, so that a full disk changes nothing. */
export async function writeAll(directory: string, changes: readonly FileChange[]): Promise<void> {
  const drafts: { draft: string; path: string }[] = [];
  try {
    for (const { path, text } of changes.filter(({ state }) => state !== 'unchanged')) {
      const named = join(directory, path);
      // A link stays a link: what it leads to is replaced.
      const place = await realpath(named).catch(() => named);
      await mkdir(dirname(place), { recursive: true });
      const draft = `${place}.${randomBytes(4).toString('hex')}.tmp`;
      drafts.push({ draft, path: place });
      await writeFile(draft, text, { flag: 'wx' });
    }
    for (const { draft, path } of drafts) await rename(draft, path);
  } catch (error) {
    await Promise.all(drafts.map(({ draft }) => rm(draft, { force: true }).catch(() => {})));
    const fix = 'see that the folder can be written to and has room, then run it again';
    throw new Fault('file_unwritable', `the files cannot be written (${codeOf(error)})`, { fix, cause: error });
  }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
  return typeof code === 'string' ? code : 'unknown';
}
