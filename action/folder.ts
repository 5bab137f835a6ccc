import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '../src/fault.ts';
import type { Environment } from './environment.ts';

/** The folder that the other paths are relative to. Throws a Fault when it is not there. */
export async function workingFolder({ inputs }: Environment): Promise<string> {
  const folder = resolve(inputs['working-directory']);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return folder;
  throw new Fault('working_directory_missing', 'working-directory: there is no such folder', {
    verdict: 'usage',
    fix: 'name a folder of the repository, and run actions/checkout before',
  });
}
