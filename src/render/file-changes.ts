import type { FileChange } from '../proposal.ts';
import { type Look, paint } from './look.ts';
import { printable } from './printable.ts';
import { columns } from './wrap.ts';

const SIGNS = { new: '+', changed: '~', unchanged: '=' } as const;
const LONGEST = 80;
/** So many of one folder are told as one. */
const MANY = 4;

interface Row {
  path: string;
  state: FileChange['state'];
  what: string;
}

/** The files, one a line, with what becomes of each; many of one folder with one fate are one line. */
export function renderFiles(changes: readonly FileChange[], look: Look): string {
  const rows = grouped(changes);
  const room = Math.max(...rows.map(({ path }) => columns(path)));
  const lines = rows.map(({ path, state, what }) => {
    const short = `  ${SIGNS[state]} ${path}`;
    const line = `  ${SIGNS[state]} ${path.padEnd(room)}  ${state.padEnd(9)}`;
    const fitting = [`${line}  ${what}`, line].find((each) => columns(each) <= look.width);
    return printable((fitting ?? `${short}  ${state}`).trimEnd(), look.unicode);
  });
  return `${[paint('bold', 'Files', look), ...lines].join('\n')}\n\n`;
}

function grouped(changes: readonly FileChange[]): Row[] {
  const rows = new Map<string, Row[]>();
  for (const { path, state, what } of changes) {
    const folder = path.slice(0, path.lastIndexOf('/') + 1);
    const alike = `${folder} ${state} ${what}`;
    rows.set(alike, [...(rows.get(alike) ?? []), { path, state, what }]);
  }
  return [...rows.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length < MANY) return group;
    const path = first.path.slice(0, first.path.lastIndexOf('/') + 1);
    return [{ path, state: first.state, what: `${first.what}, ${group.length} files` }];
  });
}

/** What changes in the files that are there already. */
export function renderPatches(changes: readonly FileChange[], look: Look): string {
  return changes.map((change) => patchOf(change, look)).join('');
}

function patchOf({ path, patch, state }: FileChange, look: Look): string {
  if (state !== 'changed') return '';
  const more = patch.length - LONGEST;
  const lines = [...patch.slice(0, LONGEST), ...(more > 0 ? [`... and ${more} more lines`] : [])];
  const head = paint('bold', printable(path, look.unicode), look);
  return `${[head, ...lines.map((line) => painted(line, look))].join('\n')}\n\n`;
}

function painted(line: string, look: Look): string {
  const shown = `  ${printable(line.replaceAll('\t', '  '), look.unicode, 400)}`;
  if (line.startsWith('+')) return paint('good', shown, look);
  return line.startsWith('-') ? paint('bad', shown, look) : paint('dim', shown, look);
}
