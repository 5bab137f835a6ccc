import { randomBytes } from 'node:crypto';
import { access, constants, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../fault.ts';

/** A file that appears whole or not at all. */
export interface ReportFile {
  write(text: string): Promise<void>;
}

/**
 * Makes sure before the run that the file can be written afterwards, and that it is not `config`. Throws a Fault that
 * names --report.
 */
export async function reportFile(named: string, config: string): Promise<ReportFile> {
  // A link stays a link: what it leads to is replaced.
  const path = await realpath(named).catch(() => named);
  if (resolve(path) === (await realpath(config).catch(() => null))) {
    throw new Fault('report_is_config', `--report ${named} would replace the configuration`, {
      fix: 'name another file',
    });
  }
  const kind = await stat(path).catch(() => null);
  if (kind?.isDirectory()) throw unwritable(named, Object.assign(new Error('a folder'), { code: 'EISDIR' }));
  // A device or a pipe cannot be replaced by a file, and must not be.
  const special = kind !== null && !kind.isFile();
  await (special ? access(path, constants.W_OK) : tryDraft(path)).catch((error: unknown) => {
    throw unwritable(named, error);
  });
  return { write: (text) => (special ? writeInPlace(path, text) : replace(path, text)) };
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

async function writeInPlace(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

async function replace(path: string, text: string): Promise<void> {
  const draft = draftOf(path);
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw unwritable(path, error);
  }
}

function unwritable(path: string, cause: unknown): Fault {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : null;
  return new Fault(
    'report_unwritable',
    `--report ${path} cannot be written${typeof code === 'string' ? ` (${code})` : ''}`,
    {
      fix: 'name a file in a folder that exists and has room',
      cause,
    },
  );
}
