/** Text that somebody else chose, made harmless in GitHub's Markdown and in what is compatible with it. */

/** A code span, in which nothing is markup and `@name` calls nobody. */
export function code(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line === '') return '';
  const runs = line.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/**
 * Prose: no markup, no HTML, nothing that becomes a link. GitHub looks for @names, #numbers and addresses after it has
 * taken the backslashes away, so those are parted by a zero-width space.
 */
export function prose(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*[\]~$|]|(?<!\w)_|_(?!\w)|^[-+=#]|(?<=^\d+)[.)]/g, (mark) => `\\${mark}`)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@|#|:(?=\S)|gh-|ww(?=w)/gi, (start) => `${start}\u200b`);
}

/** Markdown as a cell of a table: a bar ends a cell even inside a code span. */
export function cell(markdown: string): string {
  return markdown.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}

/** A table; `align` has one of `-` (left) and `:` (right) per column. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], align: string): string[] {
  const rule = [...align].map((side) => (side === ':' ? '---:' : '---'));
  return [head, rule, ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`);
}
