import { randomBytes } from 'node:crypto';
import { access, constants, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault } from '../fault.ts';

/** A file that appears whole or not at all. */
export interface ReportFile {
  write(text: string): Promise<void>;
}

/** Makes sure before the run that the file can be written afterwards. Throws a Fault that names --report. */
export async function reportFile(path: string): Promise<ReportFile> {
  const kind = await stat(path).catch(() => null);
  if (kind?.isDirectory()) throw unwritable(path, new Error('EISDIR'));
  // A device or a pipe cannot be replaced by a file, and must not be.
  const special = kind !== null && !kind.isFile();
  await access(special ? path : dirname(path), constants.W_OK).catch((error: unknown) => {
    throw unwritable(path, error);
  });
  return { write: (text) => (special ? writeInPlace(path, text) : replace(path, text)) };
}

async function writeInPlace(path: string, text: string): Promise<void> {
  await writeFile(path, text).catch((error: unknown) => {
    throw unwritable(path, error);
  });
}

async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(draft, text, { flag: 'wx' });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
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
