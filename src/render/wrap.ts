/** How many columns the text takes. One per code point: close enough for the names that databases have. */
export function columns(text: string): number {
  return [...text].length;
}

/**
 * Breaks text at spaces so that the first line leaves `first` columns free and the others `rest`. A word longer than the
 * room is never cut (ids must stay whole); where the first word has no room, the first line is empty.
 */
function wrap(text: string, width: number, first: number, rest: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const room = width - (lines.length === 0 ? first : rest);
    const longer = line === '' ? word : `${line} ${word}`;
    const overflows = columns(longer) > room && (line !== '' || (lines.length === 0 && first > rest));
    if (overflows) lines.push(line);
    line = overflows ? word : longer;
  }
  return [...lines, line];
}

/** `head`, then the text beside it, its further lines indented by `indent`. A head wider than that keeps line one short. */
export function hang(head: string, text: string, width: number, indent: number): string[] {
  const [first = '', ...others] = wrap(text, width, columns(head), indent);
  return [`${head}${first}`.trimEnd(), ...others.map((line) => `${' '.repeat(indent)}${line}`)];
}
