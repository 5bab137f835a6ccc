import type { PastRun } from '../../past-run.ts';
import type { LineStatus, Status } from '../../status.ts';
import { inOrder } from './past.ts';

/** What the page tells of one target. */
export interface Block {
  /** null: not known yet */
  target: string | null;
  lines: readonly LineStatus[];
  /** The oldest first. */
  runs: readonly PastRun[];
}

/** A block for each target that the lines look after, and the lines of which nobody knows one where there are several. */
export function blocksOf({ lines, runs }: Status): { blocks: Block[]; others: readonly LineStatus[] } {
  const targets = [...new Set(lines.flatMap(({ target }) => target ?? []))];
  // Before the first run the history may know.
  const [only = runs.at(-1)?.target ?? null] = targets;
  if (targets.length < 2) return { blocks: [{ target: only, lines, runs: inOrder(runs, only) }], others: [] };
  return {
    blocks: targets.map((target) => ({
      target,
      lines: lines.filter((line) => line.target === target),
      runs: inOrder(runs, target),
    })),
    others: lines.filter(({ target }) => target === null),
  };
}
