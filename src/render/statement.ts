import type { Report } from '../report.ts';
import { counted } from './units.ts';
import { hang } from './wrap.ts';

const INDENT = 4;

/** What a dry run would have done, and the statement that does it. */
export function statementLines({ statement, verdict, drift }: Report, width: number): string[] {
  if (statement === null || verdict !== 'drift') return [];
  const refresh = drift.stale ? ` and refresh ${counted(drift.stale, 'stale row')}` : '';
  // A repair function is called for each user; its statement says so in a comment of its own.
  const often = statement.startsWith('--') ? '' : ', once per batch';
  const plan = `Would insert ${counted(drift.missing ?? 0, 'user')}${refresh}. The statement${often}:`;
  return [...hang('  ', plan, width, 2), '', ...sqlLines(statement, width)];
}

function sqlLines(statement: string, width: number): string[] {
  return statement
    .trim()
    .split('\n')
    .flatMap((line) => {
      const indent = INDENT + line.length - line.trimStart().length;
      return hang(' '.repeat(indent), line.trim(), width, indent + 2);
    });
}
