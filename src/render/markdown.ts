// What Markdown, HTML or a table would act on. Not in here: what acts at the start of a line only, where no text of ours stands.
const ACTIVE = /[&<>`|\\*_~[\]@]/g;
// GitHub links a bare address. Its parser looks at the source, so an entity in the middle is enough.
const LINK = /:(?=\/\/)|(?<=www)\./gi;
const BREAK = /\s*[\r\n\u2028\u2029]+\s*/g;

/** Text that stays text, on one line, in a cell of a table or in a paragraph after other text. */
export function cell(text: string): string {
  return text.replace(BREAK, ' ').replace(ACTIVE, entity).replace(LINK, entity).trim();
}

/** A name as code. As HTML: a backtick or a bar in the name ends a code span or the cell, and an entity neither. */
export function code(text: string): string {
  const inner = cell(text);
  return inner === '' ? '' : `<code>${inner}</code>`;
}

/** A mention is looked for in the text as it is shown, where an entity hides nothing; a comment splits it. */
function entity(letter: string): string {
  return letter === '@' ? '&#64;<!-- -->' : `&#${letter.charCodeAt(0)};`;
}
