const COMMENT = String.raw`--[^\n]*|/\*[\s\S]*?\*/`;
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

/** The words and signs of SQL, without its comments. What is not closed comes apart into single signs. */
export function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(TOKEN)].flatMap((match): Token[] => {
    const [raw, comment, text, , quoted, plain] = match;
    const at = match.index;
    if (comment !== undefined) return [];
    if (text !== undefined) return [{ kind: 'text', raw, word: raw, at }];
    if (quoted !== undefined) return [{ kind: 'quoted', raw, word: quoted.replaceAll('""', '"'), at }];
    if (plain !== undefined) return [{ kind: 'name', raw, word: plain.toLowerCase(), at }];
    return [{ kind: 'sign', raw, word: raw, at }];
  });
}
