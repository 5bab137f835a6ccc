import { html } from 'hono/html';
import type { Field, Part, Row } from '../grid.ts';
import { thousands } from '../units.ts';

export type Html = ReturnType<typeof html>;

/** The groups of a report as tables and lists: the same rows and fields that a terminal gets. */
export function partsHtml(groups: readonly Part[][]): Html[] {
  return groups
    .flatMap((group) => [tableOf(group.filter(isRow)), listOf(group.filter(isField))])
    .filter((part) => part !== null);
}

function isRow(part: Part): part is Row {
  return part.kind === 'row';
}

function isField(part: Part): part is Field {
  return part.kind === 'field';
}

function tableOf(rows: readonly Row[]): Html | null {
  if (rows.length === 0) return null;
  return html`<table>${rows.map(
    ({ label, count, notes }) =>
      html`<tr><th scope="row"${label.startsWith('    ') ? html` class="deep"` : ''}>${label.trim()}</th><td class="number">${
        count === null ? '' : thousands(count)
      }</td><td class="note">${notes.join('; ')}</td></tr>`,
  )}</table>`;
}

function listOf(fields: readonly Field[]): Html | null {
  if (fields.length === 0) return null;
  return html`<dl>${fields.map(({ label, lines }) => html`<dt>${label.trim()}</dt><dd>${linesOf(lines)}</dd>`)}</dl>`;
}

/** Lines that stand under each other in columns are kept so; a fix is there to be copied. */
function linesOf(lines: readonly string[]): Html[] {
  if (lines.some((line) => line.includes('  '))) return [html`<pre>${lines.join('\n')}</pre>`];
  return lines.map((line) =>
    line.startsWith('fix: ') ? html`<pre class="fix">${line.slice('fix: '.length)}</pre>` : html`<div>${line}</div>`,
  );
}
