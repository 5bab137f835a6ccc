import type { Report } from '../report.ts';
import { alsoRows, repairRows, sourceRows } from './accounts.ts';
import { breakdownFields } from './breakdown.ts';
import { closing } from './closing.ts';
import { proofFields, sampleFields } from './evidence.ts';
import { failureRows } from './failures.ts';
import { layout, type Part } from './grid.ts';
import { header } from './header.ts';
import { headline } from './headline.ts';
import { type Look, mark, paint } from './look.ts';
import { namedUsers } from './named-users.ts';
import { nextCommand } from './next.ts';
import { causeFields, reasonFields, warningFields } from './notes.ts';
import { printable, printableReport } from './printable.ts';
import { statementLines } from './statement.ts';
import { hang } from './wrap.ts';

const NARROWEST = 40;

/** The report for people: verdict and number, a table that adds up, causes, the next command, one line to grep for. */
export function renderText(report: Report, look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const shown = printableReport(report, look.unicode);
  const lines = isPlainGreen(shown) && !look.verbose ? green(shown, page) : full(shown, page);
  return `${lines.join('\n')}\n`;
}

/** Nothing missing, nothing done, nobody named: two lines say it all. */
function isPlainGreen({ verdict, drift, repair, users }: Report): boolean {
  return verdict === 'in_sync' && !drift.missing && repair.scanned === 0 && users === null;
}

/** Worth a line only where something is written. */
const ROUTINE = new Set(['trigger', 'mapping_inferred']);

function green(report: Report, look: Look): string[] {
  const warnings = report.warnings.filter(({ code }) => !ROUTINE.has(code));
  return [
    ...verdictLines(report, look),
    ...layout([warningFields({ ...report, warnings })], look.width),
    ...lastLines(report, look),
  ];
}

function full(report: Report, look: Look): string[] {
  const blocks = [
    header(report, look),
    verdictLines(report, look),
    namedUsers(report, look),
    layout(bodyParts(report, look), look.width),
    statementLines(report, look.width),
    [...nextLines(report, look), ...lastLines(report, look)],
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** What there is to say of a report, in groups. Of users asked for by name, a list of their own is the account. */
function bodyParts(report: Report, look: Pick<Look, 'unicode' | 'verbose' | 'again'>): Part[][] {
  return groupsOf(report, look, { failures: failureRows(report), causes: causeFields(report) });
}

/** The same without causes and failures, for whoever shows those elsewhere. */
export function detailParts(report: Report, look: Pick<Look, 'unicode' | 'verbose' | 'again'>): Part[][] {
  return groupsOf(report, look, { failures: [], causes: [] });
}

function groupsOf(
  report: Report,
  look: Pick<Look, 'unicode' | 'verbose' | 'again'>,
  { failures, causes }: Record<'failures' | 'causes', Part[]>,
): Part[][] {
  const accounts = [[...sourceRows(report), ...alsoRows(report)], repairRows(report), failures];
  return [
    ...(report.users ? [] : accounts),
    [
      ...breakdownFields(report, look),
      ...causes,
      ...sampleFields(report, look.verbose ?? false),
      ...proofFields(report),
    ],
    reasonFields(report, printable(look.again ?? '', look.unicode)),
    warningFields(report),
  ];
}

function verdictLines(report: Report, look: Look): string[] {
  const { tone, word, text } = headline(report);
  const head = `${mark(tone, look)} ${word}`;
  const [first = '', ...others] = hang(`${head}  `, text, look.width, 2);
  return [`${paint(tone, head, look)}${first.slice(head.length)}`, ...others];
}

function nextLines(report: Report, look: Look): string[] {
  const command = nextCommand(report, printable(look.again ?? '', look.unicode));
  if (command === null) return [];
  // Never wrapped: it is there to be copied.
  return [`${paint('bold', 'Next:', look)} ${command}`];
}

function lastLines(report: Report, look: Look): string[] {
  return hang('', closing(report), look.width, 2).map((line) => paint('dim', line, look));
}
