import { readFile } from 'node:fs/promises';
import { Fault } from '../fault.ts';
import { type Judge, type Line, parseCrontab } from './crontab.ts';

/**
 * Reads a crontab; `example` is the path of one that could be copied. Throws a Fault with every fault of the file, each with
 * its line. The file is configuration, so its faults are exit 1, as those of userdrift.config.json; 64 is for flags.
 */
export async function loadCrontab(file: string, judge: Judge, example: string): Promise<Line[]> {
  const { lines, faults } = parseCrontab(await readText(file, example), judge);
  if (faults.length > 0) {
    const told = faults.map(({ line, message }) => `line ${line}: ${message}`).join('; ');
    throw new Fault('crontab_invalid', `${file}: ${told}`, { fix: `correct ${file}` });
  }
  if (lines.length === 0) {
    throw new Fault('crontab_empty', `${file} has no line that runs anything`, {
      fix: 'add one, such as: 2-59/5 * * * * userdrift sync --quiet --busy-ok',
    });
  }
  return lines;
}

async function readText(file: string, example: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
    throw new Fault('crontab_unreadable', `${file} cannot be read (${typeof code === 'string' ? code : 'unknown'})`, {
      fix: `name a crontab with --crontab, or start from the one that comes with userdrift: cp ${example} crontab`,
      cause: error,
    });
  }
}
