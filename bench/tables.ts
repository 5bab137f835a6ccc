/** A column of a table: its head, and whether it holds numbers, which stand to the right. */
export type Column = string | { number: string };

/** A table in Markdown that can also be read as it is: all lines have the same cuts. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const heads = columns.map((column) => (typeof column === 'string' ? column : column.number));
  const right = columns.map((column) => typeof column !== 'string');
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = heads.map((head, at) => Math.max(3, head.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const pad = (text: string, at: number) => (right[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0));
  const rule = widths.map((width, at) => (right[at] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [heads, rule, ...cells].map((row) => `| ${row.map(pad).join(' | ')} |`).join('\n');
}

/** 1234567 → 1,234,567 */
export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** 1 round, 3 rounds, 1,000 users */
export function counted(number: number, noun: string): string {
  return `${whole(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** Seconds with three digits that say something: 0.412 s, 8.13 s, 93.5 s, 1,204 s. */
export function seconds(number: number): string {
  return `${digits(number)} s`;
}

/** Milliseconds, likewise. */
export function milliseconds(number: number): string {
  return `${digits(number)} ms`;
}

export function megabytes(number: number): string {
  return `${Math.round(number)} MB`;
}

/** 0.73× */
export function times(ratio: number): string {
  return `${digits(ratio)}×`;
}

/** The smallest and the largest, as one cell; nothing where there is only one. */
export function spread(numbers: readonly number[], render: (number: number) => string): string {
  return numbers.length < 2 ? '-' : `${render(Math.min(...numbers))} - ${render(Math.max(...numbers))}`;
}

function digits(number: number): string {
  if (number === 0) return '0';
  const places = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(number)))));
  return places === 0 ? whole(number) : number.toFixed(places);
}
