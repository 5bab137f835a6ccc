import type { PastRun } from '../../past-run.ts';
import { TONES } from '../headline.ts';
import { type Look, paint } from '../look.ts';
import { duration, thousands } from '../units.ts';
import { columns } from '../wrap.ts';

/** A column of the table; those with the lowest `keep` go first where there is no room. */
interface Column {
  head: string;
  keep: number;
  right?: boolean;
  cell: (run: PastRun) => string;
}

const GAP = '  ';

/** The runs as a table that fits the width, as many columns of it as there is room for. */
export function runsTable(runs: readonly PastRun[], targets: number, look: Look): string[] {
  if (runs.length === 0) return [];
  const shown = fitting(columnsFor(runs, targets, look), runs, look.width);
  const widths = shown.map((column) => widthOf(column, runs));
  const head = rowOf(
    shown.map((column, index) => padded(column.head, widths[index] ?? 0, column)),
    look,
  );
  return [
    paint('dim', head, look),
    ...runs.map((run) =>
      rowOf(
        shown.map((column, index) => {
          const text = padded(column.cell(run), widths[index] ?? 0, column);
          return column.head === 'Verdict' ? paint(TONES[run.verdict], text, look) : text;
        }),
        look,
      ),
    ),
  ];
}

function columnsFor(runs: readonly PastRun[], targets: number, { width }: Look): Column[] {
  const all: Column[] = [
    { head: 'Time (UTC)', keep: 9, cell: ({ startedAt }) => momentOf(startedAt, width < 60) },
    ...(targets > 1 ? [{ head: 'Target', keep: 6, cell: ({ target }: PastRun) => target }] : []),
    { head: 'Command', keep: 4, cell: commandOf },
    { head: 'Verdict', keep: 9, cell: ({ verdict }) => verdict.replace('_', ' ') },
    { head: 'Missing', keep: 9, right: true, cell: ({ missing }) => figure(missing) },
    { head: 'Inserted', keep: 5, right: true, cell: ({ inserted }) => thousands(inserted) },
    { head: 'Failed', keep: 3, right: true, cell: ({ failed }) => thousands(failed) },
    { head: 'Left', keep: 7, right: true, cell: ({ residual }) => figure(residual) },
    { head: 'Took', keep: 2, right: true, cell: ({ durationMs }) => duration(durationMs) },
    { head: 'Reason', keep: 1, cell: reasonOf },
  ];
  return all.filter(({ head }) => head !== 'Reason' || runs.some((run) => reasonOf(run) !== ''));
}

function fitting(all: readonly Column[], runs: readonly PastRun[], width: number): Column[] {
  let shown = [...all];
  const total = () => shown.reduce((sum, column) => sum + GAP.length + widthOf(column, runs), 0);
  while (shown.length > 1 && total() > width) {
    const least = Math.min(...shown.map(({ keep }) => keep));
    const last = shown.findLastIndex(({ keep }) => keep === least);
    shown = shown.toSpliced(last, 1);
  }
  return shown;
}

function widthOf({ head, cell }: Column, runs: readonly PastRun[]): number {
  return Math.max(columns(head), ...runs.map((run) => columns(cell(run))));
}

function padded(text: string, width: number, { right = false }: Column): string {
  const room = ' '.repeat(Math.max(0, width - columns(text)));
  return right ? `${room}${text}` : `${text}${room}`;
}

function rowOf(cells: readonly string[], { color }: Look): string {
  const row = `${GAP}${cells.join(GAP)}`;
  return color ? row : row.trimEnd();
}

/** `2026-11-16 08:05`, or without the year */
export function momentOf(iso: string, short = false): string {
  return iso.slice(short ? 5 : 0, 16).replace('T', ' ');
}

/** A reason that says no more than the verdict is none. */
function reasonOf({ reason, verdict }: PastRun): string {
  return reason === null || reason === verdict ? '' : reason;
}

function figure(count: number | null): string {
  return count === null ? '-' : thousands(count);
}

/** The command with what made it less than a run over all users. */
function commandOf({ command, dryRun, namedUsers, shard, since }: PastRun): string {
  const flags = [
    dryRun && '--dry-run',
    namedUsers !== null && '--user',
    shard !== null && `--shard ${shard}`,
    since !== null && '--since',
  ];
  return [command, ...flags.filter((flag) => flag !== false)].join(' ');
}
