// What JSON.stringify leaves raw and a terminal or a log would act on: C1 controls, DEL, bidi, zero width, separators;
// and `##[`, which some CI logs obey anywhere in a line.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]|#(?=#\w*\[)/gu;

/** A report, or what doctor found, as one JSON document on one line: the same data, every hidden character written as an escape. */
export function renderJson(report: object): string {
  return `${JSON.stringify(report).replace(UNSAFE, escaped)}\n`;
}

function escaped(letter: string): string {
  // By UTF-16 unit: JSON writes what lies beyond U+FFFF as a pair.
  return letter
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}
