// Controls, format characters (bidi, zero width), lone surrogates, line separators, and every space but the plain one.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const HIDDEN_OR_FOREIGN = /[^\x20-\x7e]/gu;
// A CI log takes `::` at the start of a line (after spaces) and `##[` or `##vso[` anywhere for a command to itself.
const LINE_COMMAND = /(^| )::/g;
const INLINE_COMMAND = /##(?=\w*\[)/g;

const NAME_MAX = 160;
const PROSE_MAX = 600;
/** Mappings and functions are pasted: a cut would break them. */
const FIX_MAX = 4000;
const SQL_LINE_MAX = 2000;
const PROSE = new Set(['message', 'fact']);

/** Text that came from outside, made safe for a terminal and a log: one line, no hidden character, at most `max` long. */
export function printable(text: string, unicode: boolean, max: number = NAME_MAX): string {
  const shown = text
    .replace(unicode ? HIDDEN : HIDDEN_OR_FOREIGN, escaped)
    .replace(LINE_COMMAND, '$1\\u{3a}:')
    .replace(INLINE_COMMAND, '#\\u{23}');
  const letters = [...shown];
  return letters.length <= max ? shown : `${withoutTornEscape(letters.slice(0, max - 3).join(''))}...`;
}

/** A prose line, such as a fault's message or its fix. */
function printableProse(text: string, unicode: boolean): string {
  return printable(text, unicode, PROSE_MAX);
}

/**
 * The same report with every string printable, so that nothing below can forget it. Only `statement` keeps its line
 * breaks: it is SQL made from the config, and each of its lines is printable.
 */
export function printableReport<T extends object>(report: T, unicode: boolean): T {
  return JSON.parse(JSON.stringify(report), (key: string, value: unknown) =>
    typeof value === 'string' ? printableField(key, value, unicode) : value,
  );
}

function printableField(key: string, value: string, unicode: boolean): string {
  if (key === 'statement') {
    const lines = value.split('\n').map((line) => printable(line.replaceAll('\t', '  '), unicode, SQL_LINE_MAX));
    return lines.join('\n');
  }
  if (key === 'fix') return printable(value, unicode, FIX_MAX);
  return PROSE.has(key) ? printableProse(value, unicode) : printable(value, unicode);
}

function escaped(letter: string): string {
  return `\\u{${letter.codePointAt(0)?.toString(16)}}`;
}

function withoutTornEscape(text: string): string {
  return text.replace(/\\(u(\{[0-9a-f]*)?)?$/, '');
}
