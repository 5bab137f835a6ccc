import type { PastRun } from '../../past-run.ts';
import { printable } from '../printable.ts';
import { counted, spoken, thousands } from '../units.ts';
import type { Stretch } from './gaps.ts';
import { endingOf, leftAfter } from './past.ts';
import type { Bucket, Drawn } from './series.ts';
import { moment } from './times.ts';

/** What a gap is called. */
export function gapText({ from, to }: Stretch): string {
  return `nothing ran for ${spoken(to - from)}`;
}

/** What a reader learns who points at a bucket: its time, its runs, its numbers. */
export function hint(bucket: Bucket): string {
  const [only] = bucket.runs;
  const several = bucket.runs.length > 1;
  const when = `${moment(only?.startedAt ?? bucket.from)} UTC`;
  const what =
    several || !only ? `${counted(bucket.runs.length, 'run')} from then on` : `${only.command}, ${only.verdict}`;
  const most = several ? 'at most ' : '';
  return [
    `${when}: ${what}`,
    bucket.found === null ? 'no count' : `${most}${thousands(bucket.found)} missing`,
    bucket.left === null || (bucket.left === 0 && bucket.found === 0)
      ? ''
      : `${most}${thousands(bucket.left)} left missing`,
    several ? endings(bucket) : reasonOf(only),
  ]
    .filter(Boolean)
    .join(', ');
}

function endings({ failed, stopped }: Bucket): string {
  return [failed > 0 ? `${thousands(failed)} failed` : '', stopped > 0 ? `${thousands(stopped)} held back` : '']
    .filter(Boolean)
    .join(', ');
}

function reasonOf(run: PastRun | undefined): string {
  return run?.reason ? printable(run.reason, true) : '';
}

/** The numbers of the chart in sentences, for whoever does not see it, and below it for everybody. */
export function chartSummary({ runs, earlier }: Drawn, gaps: readonly Stretch[]): string[] {
  const [first] = runs;
  if (!first) return ['No run yet.'];
  const since = `${counted(runs.length, 'run')} since ${moment(first.startedAt)} UTC`;
  return [
    `${since}: ${peakText(runs)}.`,
    leftText(runs),
    countText(runs, 'failed', 'failed or could not see'),
    countText(runs, 'stopped', 'held back: refused, interrupted or busy'),
    longestText(gaps),
    runs.some(({ full }) => !full) ? 'Some runs looked at a part of the users only.' : '',
    earlier > 0 ? `Not drawn: ${counted(earlier, 'run')} long before.` : '',
  ].filter(Boolean);
}

function peakText(runs: readonly PastRun[]): string {
  const peak = peakOf(runs);
  if (peak === null) return 'none of them could count';
  const found = peak.missing ?? 0;
  const counted = runs.filter(({ missing }) => missing !== null).length;
  if (found === 0)
    return counted === runs.length ? '0 missing in all of them' : `0 missing in the ${thousands(counted)} that counted`;
  return `at most ${thousands(found)} missing at once (${moment(peak.startedAt)})`;
}

/** The run that found the most missing; null: none counted. */
function peakOf(runs: readonly PastRun[]): PastRun | null {
  return runs.reduce<PastRun | null>(
    (peak, run) => (run.missing !== null && run.missing > (peak?.missing ?? -1) ? run : peak),
    null,
  );
}

/** Only where somebody was ever missing: else all is said. */
function leftText(runs: readonly PastRun[]): string {
  const last = runs.findLast((run) => leftAfter(run) !== null);
  if (!last || !runs.some(({ missing }) => missing)) return '';
  return `${thousands(leftAfter(last) ?? 0)} missing after the last count.`;
}

function countText(runs: readonly PastRun[], ending: ReturnType<typeof endingOf>, words: string): string {
  const count = runs.filter((run) => endingOf(run) === ending).length;
  return count === 0 ? '' : `${counted(count, 'run')} ${words}.`;
}

function longestText(gaps: readonly Stretch[]): string {
  const [first, ...others] = gaps;
  if (!first) return '';
  const longest = others.reduce((long, gap) => (gap.to - gap.from > long.to - long.from ? gap : long), first);
  return `Longest time without a run: ${spoken(longest.to - longest.from)}, from ${moment(longest.from)} UTC.`;
}
