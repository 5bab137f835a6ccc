import type { Past } from '../../history/past.ts';
import { driftOf } from '../../history/series.ts';
import type { Account } from '../../history/summary.ts';
import { type Field, field, layout, type Part, row } from '../grid.ts';
import { masthead } from '../header.ts';
import { type Look, mark, paint } from '../look.ts';
import { printable, printableReport } from '../printable.ts';
import { age, counted, duration, span, thousands } from '../units.ts';
import { hang } from '../wrap.ts';
import { driftPlot } from './plot.ts';
import { momentOf, runsTable } from './runs-table.ts';
import { type Standing, standingOf } from './standing.ts';

/** What `userdrift history` shows. */
export interface HistoryView {
  past: Past;
  /** As whom and where it was read. */
  place: string;
  /** How many of the runs are listed. */
  rows: number;
  /** ISO 8601 */
  now: string;
  durationMs: number;
}

const NARROWEST = 40;

/** The past for people: how things stand, since when, the drift over the runs, and the last of them. */
export function renderHistory(view: HistoryView, look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const shown = { ...view, past: printableReport(view.past, look.unicode) };
  const blocks = [
    masthead('userdrift history', [shown.past.target ?? 'every target', printable(view.place, look.unicode)], page),
    standings(shown).flatMap((standing) => standingLines(standing, page)),
    layout([facts(shown)], page.width),
    plotBlock(shown.past, page),
    tableBlock(shown, page),
    last(shown, page),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;
}

function standings({ past, now }: HistoryView): Standing[] {
  if (past.runs.length > 0) return past.summary.targets.map((account) => standingOf(account, now));
  const where = past.target === null ? 'no run is recorded' : `no run of ${past.target} is recorded`;
  return [{ tone: 'warn', word: 'NOTHING YET', text: `${where}; each check, sync and backfill will be` }];
}

function standingLines({ tone, word, text }: Standing, look: Look): string[] {
  const head = `${mark(tone, look)} ${word}`;
  const [first = '', ...others] = hang(`${head}  `, text, look.width, 2);
  return [`${paint(tone, head, look)}${first.slice(head.length)}`, ...others];
}

function facts({ past: { runs, summary }, now }: HistoryView): Part[] {
  const oldest = runs.at(-1);
  if (!oldest) return [];
  const tally = summary.verdicts.map(({ verdict, runs: times }) => `${thousands(times)} ${verdict.replace('_', ' ')}`);
  return [
    row('Runs', runs.length, `since ${momentOf(oldest.startedAt)}`, tally.join(', ')),
    perTarget('Last success', summary.targets, ({ lastGoodAt }) =>
      lastGoodAt === null ? 'none among these runs' : `${momentOf(lastGoodAt)} UTC (${age(lastGoodAt, now)} ago)`,
    ),
    perTarget('Longest gap', summary.targets, ({ longestGap }) =>
      longestGap === null
        ? 'no two successes yet'
        : `${span(longestGap.ms)}, ${momentOf(longestGap.from)} to ${momentOf(longestGap.to)} UTC`,
    ),
  ];
}

function perTarget(label: string, accounts: readonly Account[], say: (account: Account) => string): Field {
  const named = (account: Account) => (accounts.length > 1 ? `${account.target}: ` : '');
  return field(label, ...accounts.map((account) => `${named(account)}${say(account)}`));
}

function plotBlock({ runs, summary }: Past, look: Look): string[] {
  // The counts of two targets are no one line.
  if (summary.targets.length > 1) return [];
  const points = driftOf(runs);
  const drawn = driftPlot(points, look);
  const [first, final] = [points.at(0), points.at(-1)];
  if (drawn.length === 0 || !first || !final) return [];
  const title = `Missing, as ${counted(points.length, 'run')} found it, ${momentOf(first.at)} to ${momentOf(final.at)}`;
  return [...hang('  ', title, look.width, 4), ...drawn];
}

function tableBlock({ past, rows }: HistoryView, look: Look): string[] {
  const more = past.runs.length - rows;
  const table = runsTable(past.runs.slice(0, rows), past.summary.targets.length, look);
  const rest =
    more > 0 ? hang('  ', `and ${thousands(more)} before; --limit lists more, --json all`, look.width, 2) : [];
  return [...table, ...rest];
}

function last({ past, durationMs, now }: HistoryView, look: Look): string[] {
  const well = past.runs.length > 0 && standings({ past, now, place: '', rows: 0, durationMs }).every(isWell);
  // Never wrapped: it is there to be copied.
  const next = `${paint('bold', 'Next:', look)} userdrift check${printable(look.again ?? '', look.unicode)}`;
  const closing = ['history', 'exit 0', duration(durationMs), 'read-only', counted(past.runs.length, 'run')].join(', ');
  return [...(well ? [] : [next]), ...hang('', closing, look.width, 2).map((line) => paint('dim', line, look))];
}

function isWell({ tone }: Standing): boolean {
  return tone === 'good';
}
