import { Fault } from '../fault.ts';
import { filesOf, type PlannedFile, sqlOf, stepsAfter } from '../init/files.ts';
import { PARTS, type Part } from '../init/parts.ts';
import type { FileChange } from '../proposal.ts';
import type { Asked } from '../reconcile/job.ts';
import { renderFiles, renderPatches } from '../render/file-changes.ts';
import type { SqlKind } from '../sql/kinds.ts';
import { changesIn, readSite, writeAll } from './init-files.ts';
import type { InitFlags } from './init-flags.ts';
import { sqlText } from './sql.ts';
import type { Terminal } from './terminal.ts';

/** What came of the files. */
export interface Deed {
  changes: FileChange[];
  written: boolean;
  /** What is left to do by hand. */
  steps: string[];
}

/** Shows what would become of the files, and writes them if that is wanted. `config` is the configuration to be. */
export async function writeFiles(config: PlannedFile, job: Asked, flags: InitFlags, terminal: Terminal): Promise<Deed> {
  const directory = flags.dir ?? '.';
  const asks = terminal.interactive && !flags.yes && !flags.dryRun;
  const parts = flags.with ?? (asks ? await askParts(terminal) : []);
  const site = await readSite(directory, terminal.version);
  const planned = [config, ...filesOf(parts, await sqlTexts(parts, job, terminal), site)];
  const changes = await changesIn(directory, planned);
  terminal.out(renderFiles(changes, terminal.look));
  terminal.out(renderPatches(changes, terminal.look));
  const wanted = await isWanted(changes, flags, asks, terminal);
  if (wanted) {
    refuseUnseen(changes, await changesIn(directory, planned));
    await writeAll(directory, changes);
  }
  return { changes, written: wanted, steps: stepsAfter(parts, site) };
}

/** Somebody may have saved a file while the question stood there: what nobody has seen is not written over. */
function refuseUnseen(shown: readonly FileChange[], now: readonly FileChange[]): void {
  const is = ({ state, patch }: FileChange) => [state, ...patch].join('\n');
  const other = now.filter((change, at) => !shown[at] || is(shown[at]) !== is(change)).map(({ path }) => path);
  if (other.length === 0) return;
  throw new Fault('file_exists', `${other.join(', ')} changed after it was shown; nothing was written`, {
    verdict: 'refused',
    fix: 'run it again, and look at the difference',
  });
}

async function askParts(terminal: Terminal): Promise<Part[]> {
  const answers = Object.entries(PARTS).map(([value, hint]) => ({ value, label: value, hint }));
  const chosen = await terminal.questions.pickSome(
    'What else should be written, besides the configuration? (space selects)',
    answers,
  );
  return chosen.filter((value): value is Part => Object.hasOwn(PARTS, value));
}

async function sqlTexts(parts: readonly Part[], job: Asked, terminal: Terminal): Promise<Map<SqlKind, string>> {
  const texts = new Map<SqlKind, string>();
  for (const kind of sqlOf(parts)) texts.set(kind, await sqlText(kind, job, terminal));
  return texts;
}

/** What is there already is overwritten only with a word from somebody. */
async function isWanted(
  changes: readonly FileChange[],
  flags: InitFlags,
  asks: boolean,
  terminal: Terminal,
): Promise<boolean> {
  const due = changes.filter(({ state }) => state !== 'unchanged');
  const differing = due.filter(({ state }) => state === 'changed').map(({ path }) => path);
  if (due.length === 0 || flags.dryRun || (!asks && !flags.yes)) return false;
  if (differing.length > 0 && !flags.force && !asks) {
    throw new Fault('file_exists', `${differing.join(', ')} would be changed; nothing was written`, {
      verdict: 'refused',
      fix: 'look at the difference above, then run it again with --force',
    });
  }
  if (!asks) return true;
  const files = due.length === 1 ? 'this file' : `these ${due.length} files`;
  const over = differing.length > 0 && !flags.force ? `, and change ${differing.join(', ')} as shown` : '';
  return terminal.questions.confirm(`Write ${files}${over}?`);
}
