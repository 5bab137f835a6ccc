const COMMENT = String.raw`--[^\n]*|/\*`;
const TEXT = String.raw`[eE]'(?:[^'\\]|''|\\[\s\S])*'|'(?:[^']|'')*'|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$`;
const NAME = String.raw`"((?:[^"]|"")+)"|([\p{L}_][\p{L}\p{N}_$]*)`;
const SIGN = String.raw`\d+(?:\.\d+)?|::|:=|->>|->|#>>|#>|\|\||[^\s]`;
const TOKEN = new RegExp(`(${COMMENT})|(${TEXT})|${NAME}|${SIGN}`, 'gu');

/** One word or sign of SQL. */
export interface Token {
  kind: 'text' | 'name' | 'quoted' | 'sign';
  /** as it is written */
  raw: string;
  /** of a name, as the catalog spells it; of all else, as it is written */
  word: string;
  /** where it begins */
  at: number;
}

/**
 * The words and signs of SQL, without its comments. What is not closed comes apart into single signs, but for a comment,
 * which goes on to the end.
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKEN);
  for (let match = pattern.exec(sql); match; match = pattern.exec(sql)) {
    if (match[1] === undefined) tokens.push(tokenOf(match));
    else if (match[1] === '/*') pattern.lastIndex = endOfComment(sql, pattern.lastIndex);
  }
  return tokens;
}

function tokenOf({ 0: raw, 2: text, 4: quoted, 5: plain, index: at }: RegExpExecArray): Token {
  if (text !== undefined) return { kind: 'text', raw, word: raw, at };
  if (quoted !== undefined) return { kind: 'quoted', raw, word: quoted.replaceAll('""', '"'), at };
  if (plain !== undefined) return { kind: 'name', raw, word: plain.toLowerCase(), at };
  return { kind: 'sign', raw, word: raw, at };
}

/** Comments stand within comments. `from`: after the first opening. */
function endOfComment(sql: string, from: number): number {
  const pattern = /\/\*|\*\//g;
  pattern.lastIndex = from;
  let depth = 1;
  for (let match = pattern.exec(sql); match; match = pattern.exec(sql)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return pattern.lastIndex;
  }
  return sql.length;
}
