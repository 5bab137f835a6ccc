import { applyEdits, modify } from 'jsonc-parser';
import type { PlannedColumn, Proposal } from '../proposal.ts';
import { columnsOf } from './draft.ts';

const FORMAT = { insertSpaces: true, tabSize: 2, eol: '\n' };

/** A new configuration with the reason for each line. `schema`: where an editor finds the schema. */
export function configText({ target, key, reasons, columns, source }: Proposal, schema: string): string {
  const lines = [
    `  "$schema": ${JSON.stringify(schema)},`,
    ...(source === 'auth.users' ? [] : [`  "source": ${JSON.stringify(source)},`]),
    ...reasons.map((reason) => `  // ${oneLine(reason)}`),
    `  "target": ${JSON.stringify(target)},`,
    `  "key": ${JSON.stringify(key)}, // the auth id, u.id`,
    ...columnLines(columns.filter(({ plan }) => plan === 'mapped')),
    ...leftLines(columns.filter(({ plan }) => plan === 'left')),
  ];
  return `{\n${lines.join('\n')}\n}\n`;
}

function columnLines(columns: readonly PlannedColumn[]): string[] {
  const about = '  // Column of the target: SQL over one row of auth.users, called u.';
  if (columns.length === 0) return [about, '  "columns": {}'];
  const lines = columns.flatMap(({ name, expression, why }, at) => [
    `    // ${oneLine(why)}`,
    `    ${JSON.stringify(name)}: ${JSON.stringify(expression)}${at < columns.length - 1 ? ',' : ''}`,
  ]);
  return [about, '  "columns": {', ...lines, '  }'];
}

function leftLines(columns: readonly PlannedColumn[]): string[] {
  if (columns.length === 0) return [];
  return ['  // Not written by userdrift:', ...columns.map(({ name, why }) => `  //   ${oneLine(`${name}: ${why}`)}`)];
}

/** A name of the catalog may hold a line break, which would end the comment. */
function oneLine(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

/**
 * A configuration that is there already, completed: what a person wrote, comments and order, stays as it is. `calls`: a
 * function writes the rows, and no columns are needed.
 */
export function completedConfig(
  text: string,
  proposal: Proposal,
  has: { target: boolean; key: boolean; columns: Readonly<Record<string, string>> | null; calls: boolean },
): string {
  const set = (path: string[], value: unknown) => (given: string) =>
    applyEdits(given, modify(given, path, value, { formattingOptions: FORMAT }));
  const wanted = Object.entries(columnsOf(proposal.columns));
  const given = has.columns;
  const columns =
    given === null
      ? [set(['columns'], Object.fromEntries(wanted))]
      : wanted.filter(([name, sql]) => given[name] !== sql).map(([name, sql]) => set(['columns', name], sql));
  const edits = [
    ...(has.target ? [] : [set(['target'], proposal.target)]),
    ...(has.key ? [] : [set(['key'], proposal.key)]),
    ...(has.calls ? [] : columns),
  ];
  return edits.reduce((result, edit) => edit(result), text);
}
