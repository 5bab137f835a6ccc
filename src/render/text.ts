import type { Note, Report } from '../report.ts';
import { alsoRows, repairRows, sourceRows } from './accounts.ts';
import { closing } from './closing.ts';
import { failureRows } from './failures.ts';
import { type Field, field, layout, type Part } from './grid.ts';
import { header } from './header.ts';
import { headline, readOnly } from './headline.ts';
import { type Look, mark, paint } from './look.ts';
import { namedUsers } from './named-users.ts';
import { nextCommand } from './next.ts';
import { printableReport } from './printable.ts';
import { refusalFields } from './refusals.ts';
import { counted, thousands } from './units.ts';
import { hang, wrap } from './wrap.ts';

const NARROWEST = 40;
const SAMPLE_SHOWN = 1;

/** The report for people: verdict and number, a table that adds up, causes, the next command, one line to grep for. */
export function renderText(report: Report, look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const shown = printableReport(report, look.unicode);
  const lines = isPlainGreen(shown) && !look.verbose ? green(shown, page) : full(shown, page);
  return `${lines.join('\n')}\n`;
}

/** Nothing missing, nothing done, nobody named: two lines say it all (and the warnings, if any). */
function isPlainGreen({ verdict, drift, repair, users }: Report): boolean {
  return verdict === 'in_sync' && !drift.missing && repair.scanned === 0 && users === null;
}

function green(report: Report, look: Look): string[] {
  return [
    ...verdictLines(report, look),
    ...layout([noteFields('Warning', report.warnings)], look.width),
    lastLine(report, look),
  ];
}

function full(report: Report, look: Look): string[] {
  const blocks = [
    header(report, look),
    verdictLines(report, look),
    namedUsers(report, look),
    layout(body(report, look), look.width),
    statementLines(report, look),
    [...nextLines(report, look), lastLine(report, look)],
  ];
  return blocks.filter((block) => block.length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

/** Of users asked for by name, the list above is the account. */
function body(report: Report, look: Look): Part[][] {
  const accounts = report.users ? [] : [[...sourceRows(report), ...alsoRows(report)], repairRows(report)];
  return [
    ...accounts,
    report.users ? [] : failureRows(report),
    [...noteFields('Likely cause', report.causes), ...sampleFields(report, look), ...proofFields(report)],
    [...refusalFields(report), ...reasonFields(report)],
    noteFields('Warning', report.warnings),
  ];
}

function verdictLines(report: Report, look: Look): string[] {
  const { tone, word, text } = headline(report);
  const head = `${mark(tone, look)} ${word}`;
  const [first = '', ...others] = hang(`${head}  `, text, look.width, 2);
  return [`${paint(tone, head, look)}${first.slice(head.length)}`, ...others];
}

function noteFields(label: string, notes: readonly Note[]): Field[] {
  return notes.map(({ code, message, fix }) => field(label, `${message} (${code})`, fix ? `fix: ${fix}` : ''));
}

function sampleFields({ sample, drift, verdict }: Report, look: Look): Field[] {
  const [id] = sample;
  if (id === undefined || (verdict !== 'drift' && verdict !== 'refused')) return [];
  const ids = sample.slice(0, look.verbose ? sample.length : SAMPLE_SHOWN);
  const more = (drift.missing ?? sample.length) - ids.length;
  return [field('Sample', ...ids.slice(0, -1), `${ids.at(-1)}${more > 0 ? ` and ${thousands(more)} more` : ''}`)];
}

/** Counters are a claim; the closing query is the proof. */
function proofFields(report: Report): Field[] {
  if (readOnly(report)) return [];
  const { missing, stale } = report.residual;
  if (missing !== null) {
    return [
      field(
        'Proof',
        `a closing query found ${thousands(missing)} missing${stale ? `, ${thousands(stale)} stale` : ''}`,
      ),
    ];
  }
  return report.repair.scanned > 0 ? [field('Proof', 'none: the run ended before its closing query')] : [];
}

/** The headline of some verdicts is the reason's message; the others need it here. */
function reasonFields(report: Report): Field[] {
  const { reason } = report;
  if (reason === null) return [];
  const told = headline(report).text.includes(reason.message);
  return [...(told ? [] : [field('Reason', reason.message)]), ...(reason.fix ? [field('Fix', reason.fix)] : [])];
}

function statementLines(report: Report, look: Look): string[] {
  if (report.statement === null) return [];
  const would = `  Would insert ${counted(report.drift.missing ?? 0, 'user')}, batch by batch, with`;
  const lines = report.statement
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const indent = line.length - line.trimStart().length + 4;
      return wrap(line.trimStart(), look.width, indent, indent + 2).map(
        (part, index) => `${' '.repeat(indent + (index && 2))}${part}`,
      );
    });
  return [would, '', ...lines.map((line) => line.trimEnd())];
}

function nextLines(report: Report, look: Look): string[] {
  const command = nextCommand(report);
  if (command === null) return [];
  const [first = '', ...others] = hang('Next: ', command, look.width, 2);
  return [`${paint('bold', 'Next:', look)}${first.slice('Next:'.length)}`, ...others];
}

function lastLine(report: Report, look: Look): string {
  return wrap(closing(report), look.width, 0, 2)
    .map((line, index) => paint('dim', `${index ? '  ' : ''}${line}`, look))
    .join('\n');
}
