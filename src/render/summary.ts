import type { PastRun } from '../past-run.ts';
import type { Report } from '../report.ts';
import { alsoRows, repairRows, sourceRows } from './accounts.ts';
import { breakdownFields } from './breakdown.ts';
import { closing } from './closing.ts';
import { driftChart } from './drift-chart.ts';
import { proofFields, sampleFields } from './evidence.ts';
import { failureRows } from './failures.ts';
import type { Field, Row } from './grid.ts';
import { place, scope } from './header.ts';
import { headline } from './headline.ts';
import { type Look, mark } from './look.ts';
import { code, prose, table } from './markdown.ts';
import { namedUsers } from './named-users.ts';
import { nextCommand } from './next.ts';
import { causeFields, reasonFields, warningFields } from './notes.ts';
import { printableReport } from './printable.ts';
import { thousands } from './units.ts';

/** GitHub shows a job summary of up to 1 MiB and drops a longer one whole. Half of it is more than anybody reads. */
const BYTES_MAX = 512 * 1024;
const LOOK: Look = { color: false, unicode: true, width: 100 };

/**
 * The report as Markdown, for the summary of a GitHub Actions job, and the drift of past runs where there are any. No text
 * of the report acts as Markdown or HTML.
 */
export function renderSummary(report: Report, past: readonly PastRun[] = []): string {
  const shown = printableReport(report, LOOK.unicode);
  return joined([
    ...head(shown),
    ...(shown.users ? [] : [rowTable([...sourceRows(shown), ...alsoRows(shown), ...repairRows(shown)])]),
    ...(shown.users ? [] : [rowTable(failureRows(shown), 'SQLSTATE')]),
    fenced(namedUsers(shown, LOOK)),
    ...[...causeFields(shown), ...reasonFields(shown), ...proofFields(shown)].map(paragraph),
    ...foldedFields(shown),
    ...warningFields(shown).map(paragraph),
    next(shown),
    driftChart(past),
    `<sub>${prose(closing(shown))}</sub>`,
  ]);
}

/** The summary of a run that left no report; `what` says how it ended. */
export function renderNoReport(what: string, fix: string): string {
  return joined([`### ${mark('bad', LOOK)} userdrift: no report`, `**${prose(what)}**`, prose(fix)]);
}

function head(report: Report): string[] {
  const { tone, word, text } = headline(report);
  const command = `userdrift ${report.command}${report.dryRun ? ' --dry-run' : ''}`;
  const way = `${code(report.source.name)} → ${code(report.target)}`;
  const about = [report.target === '' ? code(report.source.name) : way, code(place(report.database)), scope(report)];
  return [`### ${mark(tone, LOOK)} ${command}: ${word}`, `**${prose(text)}**`, about.filter(Boolean).join(', ')];
}

/** Rows that add up, the parts of a number indented below it. */
function rowTable(rows: Row[], first = ''): string {
  if (rows.length === 0) return '';
  const cells = rows.map(({ label, count, notes }) => [
    `${label.startsWith('    ') ? '&emsp;' : ''}${prose(label)}`,
    count === null ? '' : thousands(count),
    notes.map(prose).join('; '),
  ]);
  return table([first, 'Users', ''], cells, '-:-').join('\n');
}

/** What there is to say, and below it, to be copied, what to do about it. */
function paragraph({ label, lines }: Field): string {
  const fixes = lines.filter((line) => line.startsWith('fix: ')).map((line) => line.replace('fix: ', ''));
  const said = lines.filter((line) => !line.startsWith('fix: ')).map(prose);
  return [`**${prose(label)}:** ${said.join('<br>')}`, ...fixes.map((fix) => `Fix:\n\n${fenced([fix])}`)].join('\n\n');
}

/** What is long and not needed to decide anything. */
function foldedFields(report: Report): string[] {
  const { statement } = report;
  const sql =
    statement !== null && report.verdict === 'drift' ? [folded('Statement of a sync', statement.split('\n'))] : [];
  const fields = [...breakdownFields(report, LOOK), ...sampleFields(report, true)];
  return [
    ...fields.map((field) => (field.lines.length > 1 ? folded(field.label, field.lines) : paragraph(field))),
    ...sql,
  ];
}

function folded(label: string, lines: string[]): string {
  return `<details><summary>${label}</summary>\n\n${fenced(lines)}\n\n</details>`;
}

function next(report: Report): string {
  const command = nextCommand(report, '');
  return command === null ? '' : `**Next:** ${code(command)}`;
}

/** A block of code, between fences that no line of it can close. */
function fenced(lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const longest = Math.max(2, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}text`, ...lines, fence].join('\n');
}

/** Whole blocks only, as many as fit. */
function joined(blocks: readonly string[]): string {
  const lines: string[] = [];
  let bytes = 0;
  for (const block of blocks.filter(Boolean)) {
    bytes += Buffer.byteLength(block) + 2;
    if (bytes > BYTES_MAX) return [...lines, 'The rest is in the log.\n'].join('');
    lines.push(`${block}\n\n`);
  }
  return lines.join('');
}
