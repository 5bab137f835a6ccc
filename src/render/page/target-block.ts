import { html } from 'hono/html';
import type { LineStatus, Outcome } from '../../status.ts';
import { expected } from '../accounts.ts';
import { printableReport } from '../printable.ts';
import { span } from '../units.ts';
import type { Block } from './blocks.ts';
import { chartOf } from './chart.ts';
import { heroHtml } from './hero.ts';
import { lineHtml } from './line.ts';
import { nextRuns } from './next-runs.ts';
import type { PageView } from './page-view.ts';
import type { Html } from './parts.ts';
import { runsTable } from './runs-table.ts';
import { asAgo } from './times.ts';
import { TROUBLES } from './troubles.ts';
import { type Known, type Verdict, verdictOf } from './verdict.ts';
import { whyHtml } from './why.ts';

const ROWS = 20;

/** Are all users in the target of a block? */
export function blockVerdict({ target, lines, runs }: Block, view: PageView): Verdict {
  const { status, now, maxAgeMs } = view;
  const reports = reportsOf(lines);
  const verdict = verdictOf({
    runs,
    target,
    expectedBy: (id) => {
      const report = reports.find(({ runId }) => runId === id);
      return report ? expected(report) : null;
    },
    waiting: { maxAgeMs: maxAgeMs(lines), since: status.startedAt },
    silent: silentOf(lines),
    now,
    saying: asAgo(now),
  });
  return verdict.tone === 'none' ? { ...verdict, notes: [nextNote(lines, view)].filter(Boolean) } : verdict;
}

function nextNote(lines: readonly LineStatus[], { next, now }: PageView): string {
  if (lines.some(({ runningSince }) => runningSince !== null)) return 'it is under way';
  const [first] = lines.flatMap((line) => next(line) ?? []).sort();
  return first ? `it begins in ${span(Date.parse(first) - Date.parse(now))}` : '';
}

/** The block: the answer with its picture, why, the runs behind and ahead, and what each line found last. */
export function blockHtml(block: Block, view: PageView, name: string): Html {
  const { lines, runs } = block;
  const why = whyHtml(reportsOf(lines).map((report) => printableReport(report, true)));
  return html`${heroHtml(blockVerdict(block, view), chartOf(runs, view.now, `${name}-chart`), name)}${why}${runsTable(runs, ROWS)}${nextRuns(lines, view.next, view.now)}${detailsHtml(lines, view.now)}`;
}

/** What the last run of each line found; null: none has run. */
export function detailsHtml(lines: readonly LineStatus[], now: string): Html | null {
  const details = lines.map((line) => lineHtml(line, now)).filter((part) => part !== null);
  return details.length === 0 ? null : html`<h2 class="over">Last run of each line</h2>${details}`;
}

function reportsOf(lines: readonly LineStatus[]) {
  return lines.flatMap(({ last }) => last?.report ?? []);
}

/** The latest run that left no document. */
function silentOf(lines: readonly LineStatus[]): Known['silent'] {
  const silent = lines.flatMap(({ last }) => (last?.trouble && last.report === null ? [last] : []));
  const latest = silent.reduce<Outcome | null>(
    (late, one) => (late === null || one.startedAt > late.startedAt ? one : late),
    null,
  );
  if (!latest?.trouble) return null;
  return { command: latest.command, at: latest.startedAt, text: TROUBLES[latest.trouble] };
}
