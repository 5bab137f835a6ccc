import type { Failure, Report } from '../report.ts';
import { type Row, row, subrow } from './grid.ts';
import { nameOf } from './sqlstate-names.ts';
import { thousands } from './units.ts';

const KINDS_SHOWN = 10;

/** Failures of one kind: the same operation, SQLSTATE, constraint and column. */
interface Kind {
  sample: Failure;
  count: number;
}

/** Failures by kind, the most frequent first; the rows add up to `failuresTotal`. */
export function failureRows({ failures, failuresTotal }: Report): Row[] {
  if (failuresTotal === 0) return [];
  const shown = failureKinds(failures).slice(0, KINDS_SHOWN);
  const unshown = failuresTotal - shown.reduce((sum, kind) => sum + kind.count, 0);
  return [
    row('Failures', failuresTotal),
    ...shown.map(({ sample, count }) =>
      subrow(sample.code, count, describe(sample), sample.id ? `e.g. ${sample.id}` : ''),
    ),
    ...(unshown > 0 ? [subrow('others', unshown, unshownNote(failures.length, failuresTotal))] : []),
  ];
}

/** The most frequent kind first. */
export function failureKinds(failures: readonly Failure[]): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const failure of failures) {
    const key = JSON.stringify([failure.op, failure.code, failure.constraint, failure.column]);
    const kind = kinds.get(key) ?? { sample: failure, count: 0 };
    kinds.set(key, { ...kind, count: kind.count + 1 });
  }
  return [...kinds.values()].sort((a, b) => b.count - a.count);
}

function describe({ op, code, constraint, column }: Failure): string {
  const where = [constraint, column].filter(Boolean).join(', ');
  return `${nameOf(code)}${where && ` (${where})`}${op === 'refresh' ? ', while refreshing' : ''}`;
}

function unshownNote(listed: number, total: number): string {
  return listed < total
    ? `the report lists the first ${thousands(listed)} failures`
    : 'rarer kinds, named in the report';
}
