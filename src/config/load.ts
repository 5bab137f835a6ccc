import { readFile } from 'node:fs/promises';
import { getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { Fault } from '../fault.ts';
import { describeIssue } from './issue.ts';
import { type Config, configSchema } from './schema.ts';

export const CONFIG_FILE = 'userdrift.config.json';

/**
 * Reads and parses the configuration. A file that the person named must exist; the default one need not.
 * All faults of the file are reported together, each with its path.
 */
export async function loadConfig(named: string | undefined): Promise<Config> {
  const file = named ?? CONFIG_FILE;
  const text = await readText(file, named !== undefined);
  return parseConfig(text ?? '{}', file);
}

async function readText(file: string, required: boolean): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    if (code === 'ENOENT' && !required) return null;
    throw new Fault('config_unreadable', `${file} cannot be read (${code})`, {
      fix: 'name an existing file with --config, or leave the flag out',
      cause: error,
    });
  }
}

/** Parses the text of a configuration file; comments and trailing commas are allowed. Throws one Fault with every fault in it. */
export function parseConfig(text: string, file: string): Config {
  const errors: ParseError[] = [];
  const tree = parseTree(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) {
    throw new Fault(
      'config_invalid',
      `${file}: ${printParseErrorCode(first.error)} at ${position(text, first.offset)}`,
      {
        fix: 'make it valid JSON; comments are allowed',
      },
    );
  }
  const result = configSchema.safeParse(tree && getNodeValue(tree));
  const lost = tree ? lostKeys(tree) : [];
  if (result.success && lost.length === 0) return result.data;
  const faults = [...lost, ...(result.error?.issues.flatMap((issue) => describeIssue(issue, 'the whole file')) ?? [])];
  throw new Fault('config_invalid', `${file}: ${faults.join('; ')}`, { fix: `correct ${file}` });
}

/** Keys that JSON keeps to itself: of two of one name the last would win in silence, and `__proto__` would vanish. */
function lostKeys(node: Node, path: string[] = []): string[] {
  const seen = new Set<string>();
  return (node.children ?? []).flatMap((child, index) => {
    if (child.type !== 'property') return lostKeys(child, [...path, String(index)]);
    const [name, value] = child.children ?? [];
    const key = String(name?.value);
    const here = [...path, key];
    const faults = seen.has(key) ? [`${here.join('.')}: given twice`] : [];
    if (key === '__proto__') faults.push(`${here.join('.')}: no name for a key`);
    seen.add(key);
    return [...faults, ...(value ? lostKeys(value, here) : [])];
  });
}

function position(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}
