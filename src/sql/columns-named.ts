const COMMENT = String.raw`--[^\n]*|/\*[\s\S]*?\*/`;
const TEXT = String.raw`[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$`;
const NAME = String.raw`"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)`;
const TOKEN = new RegExp(String.raw`${COMMENT}|${TEXT}|${NAME}|[^\s]`, 'gu');

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
  const tokens = expressions.flatMap((expression) => [...namesAndSigns(expression), ';']);
  const named = new Set(tokens);
  const wholeRow = tokens.some((token, at) => token === 'u' && !(tokens[at + 1] === '.' && tokens[at + 2] !== '*'));
  return { columns: known.filter((column) => named.has(column)), wholeRow };
}

/** Names as the catalog spells them, and every other sign, without text and comments. */
function namesAndSigns(expression: string): string[] {
  return [...expression.matchAll(TOKEN)].flatMap(([token, , quoted, plain]) => {
    if (quoted !== undefined) return quoted.replaceAll('""', '"');
    if (plain !== undefined) return plain.toLowerCase();
    return token.length === 1 ? token : [];
  });
}
