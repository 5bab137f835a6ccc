import { tokensOf } from './tokens.ts';

/** What an expression over the source row `u` reads. */
export interface Reading {
  /** columns, in the order of `known` */
  columns: string[];
  /** The row as a whole, as in `to_jsonb(u)` or `u.*`: every column there is. */
  wholeRow: boolean;
}

/**
 * Which of the columns `known` the expressions name, qualified or not. Rather one too many than one too few: a name that
 * means something else counts as well. Text and comments name nothing.
 */
export function columnsNamed(expressions: readonly string[], known: readonly string[]): Reading {
  const words = expressions.flatMap((expression) => [...namesAndSigns(expression), ';']);
  const named = new Set(words);
  const wholeRow = words.some((word, at) => word === 'u' && !(words[at + 1] === '.' && words[at + 2] !== '*'));
  return { columns: known.filter((column) => named.has(column)), wholeRow };
}

function namesAndSigns(expression: string): string[] {
  return tokensOf(expression).flatMap(({ kind, word }) => (kind === 'text' ? [] : word));
}
