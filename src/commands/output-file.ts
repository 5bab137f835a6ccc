import { randomBytes } from 'node:crypto';
import { access, constants, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../fault.ts';

/** A file that appears whole or not at all. */
export interface OutputFile {
  /** What is in it now; empty if it cannot be read. */
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

/**
 * Makes sure before the run that the file `flag` names can be written afterwards, and that it is none of `others`, files with
 * what they are. Throws a Fault that names the flag.
 */
export async function outputFile(
  flag: '--report' | '--metrics-file' | '--html',
  named: string,
  others: Readonly<Record<string, string | undefined>>,
): Promise<OutputFile> {
  // A link stays a link: what it leads to is replaced.
  const path = await realPath(named);
  for (const [what, other] of Object.entries(others)) {
    if (other === undefined || resolve(path) !== resolve(await realPath(other))) continue;
    throw new Fault(`${codeOf(flag)}_replaces_other`, `${flag} ${named} would replace ${what}`, {
      fix: 'name another file',
    });
  }
  const kind = await stat(path).catch(() => null);
  if (kind?.isDirectory()) throw unwritable(flag, named, Object.assign(new Error('a folder'), { code: 'EISDIR' }));
  // A device or a pipe cannot be replaced by a file, and must not be.
  const special = kind !== null && !kind.isFile();
  await (special ? access(path, constants.W_OK) : tryDraft(path)).catch((error: unknown) => {
    throw unwritable(flag, named, error);
  });
  return {
    read: () => (special ? Promise.resolve('') : readFile(path, 'utf8').catch(() => '')),
    write: (text) =>
      (special ? writeFile(path, text) : replace(path, text)).catch((error: unknown) => {
        throw unwritable(flag, path, error);
      }),
  };
}

function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

/** Asked for its permission, a folder says yes to root even where no file can be made. */
async function tryDraft(path: string): Promise<void> {
  const draft = draftOf(path);
  await writeFile(draft, '', { flag: 'wx' });
  await rm(draft);
}

function draftOf(path: string): string {
  return `${path}.${randomBytes(4).toString('hex')}.tmp`;
}

async function replace(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

function unwritable(flag: string, path: string, cause: unknown): Fault {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : null;
  return new Fault(
    `${codeOf(flag)}_unwritable`,
    `${flag} ${path} cannot be written${typeof code === 'string' ? ` (${code})` : ''}`,
    {
      fix: 'name a file in a folder that exists and has room',
      cause,
    },
  );
}

/** `--metrics-file` → `metrics_file` */
function codeOf(flag: string): string {
  return flag.slice(2).replaceAll('-', '_');
}
