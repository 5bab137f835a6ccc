import type { FileChange } from '../proposal.ts';
import { type Look, mark, paint } from './look.ts';
import { printable } from './printable.ts';
import { counted, duration } from './units.ts';
import { hang } from './wrap.ts';

/** What came of a run of init; `deed` null: a column is open, so there was nothing to write. */
interface Ending {
  deed: { changes: readonly FileChange[]; written: boolean; steps: readonly string[] } | null;
  /** The command that looks next, and the one that would write. */
  check: string;
  init: string;
}

/** What was written, what is left to do by hand, the next command, and one line to grep for. */
export function renderClosing({ deed, check, init }: Ending, durationMs: number, look: Look): string {
  const due = deed?.changes.filter(({ state }) => state !== 'unchanged').length ?? 0;
  const done = deed !== null && (deed.written || due === 0);
  const head = done
    ? [
        `${paint('good', mark('good', look), look)} ${deed.written ? `wrote ${counted(due, 'file')}` : 'everything is there already'}`,
        '',
      ]
    : [];
  const steps = (done ? deed.steps : []).flatMap((step) =>
    hang('  then ', printable(step, look.unicode, 600), look.width, 7),
  );
  const told = deed?.written ? `${counted(due, 'file')} written` : 'nothing written';
  const last = `init, exit 0, ${duration(durationMs)}, ${told}`;
  return [
    ...head,
    // Never wrapped: it is there to be copied.
    `${paint('bold', 'Next:', look)} ${printable(done ? check : init, look.unicode, 4000)}`,
    ...steps,
    paint('dim', last, look),
    '',
  ].join('\n');
}
