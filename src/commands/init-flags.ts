import { type Command, InvalidArgumentError, Option } from 'commander';
import { PARTS, type Part } from '../init/parts.ts';
import { type AimFlags, addAimFlags } from './flags.ts';

/** The values of the flags of init. */
export interface InitFlags extends AimFlags {
  set?: Record<string, string>;
  with?: Part[];
  dir?: string;
  force?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

/** The flags of the command that sets everything up. */
export function addInitFlags(command: Command): Command {
  const parts = Object.keys(PARTS).join(', ');
  return addAimFlags(command)
    .optionsGroup('Files:')
    .addOption(new Option('--set <column=sql>', 'what goes into a column: SQL over u; repeatable').argParser(collect))
    .addOption(new Option('--with <list>', `what to write besides: any of ${parts}`).argParser(partsIn))
    .option('--dir <folder>', 'the project to write to (default: the working directory)')
    .option('--force', 'change files that are there and differ')
    .option('--dry-run', 'show what would be written and write nothing')
    .option('--yes', 'do not ask');
}

function collect(text: string, given: Record<string, string> | undefined): Record<string, string> {
  const [, column, sql] = /^([^=]+)=(.*\S.*)$/s.exec(text) ?? [];
  if (column === undefined || sql === undefined)
    throw new InvalidArgumentError("Expected a column and SQL such as slug='lower(u.email)'.");
  return { ...given, [column]: sql };
}

function partsIn(text: string, given: Part[] | undefined): Part[] {
  const words = text.split(',').map((word) => word.trim());
  const known = words.filter(isPart);
  if (known.length < words.length)
    throw new InvalidArgumentError(`Expected a list of ${Object.keys(PARTS).join(', ')}.`);
  return [...new Set([...(given ?? []), ...known])];
}

function isPart(word: string): word is Part {
  return Object.hasOwn(PARTS, word);
}
