import type { Verdict } from '../exit-codes.ts';
import type { PastRun } from '../past-run.ts';
import { endOf, proves, tells } from './proof.ts';

/** A time in which no run proved anything, between two that did. */
export interface Gap {
  /** ISO 8601 */
  from: string;
  to: string;
  ms: number;
}

/** What the runs say of one target. */
export interface Account {
  target: string;
  /** The end of the last run that proved something, ISO 8601; null: none of them did. */
  lastGoodAt: string | null;
  longestGap: Gap | null;
  /** The last run that tells how things stand. */
  latest: PastRun | null;
}

/** No schedule is meant to be silent for so long, in milliseconds. */
export const LONG_MS = 86_400_000;

/** Was it too long ago that a run proved something? `now` in milliseconds. */
export function isLongAgo(lastGoodAt: string, now: number): boolean {
  return now - Date.parse(lastGoodAt) > LONG_MS;
}

/** What the runs say, each target by itself: one that is well says nothing about another. */
export function accountsOf(runs: readonly PastRun[]): Account[] {
  const targets = [...Map.groupBy(runs, ({ target }) => target)];
  return targets.map(([target, own]) => accountOf(target, inOrder(own))).sort((a, b) => (a.target < b.target ? -1 : 1));
}

function accountOf(target: string, runs: readonly PastRun[]): Account {
  const good = runs
    .filter(proves)
    .map(endOf)
    .sort((a, b) => a - b);
  const last = good.at(-1);
  return {
    target,
    lastGoodAt: last === undefined ? null : new Date(last).toISOString(),
    longestGap: longestGap(good),
    latest: runs.findLast(tells) ?? null,
  };
}

/** The first of the longest; null: there are no two. `moments` ascend. */
export function longestGap(moments: readonly number[]): Gap | null {
  const gaps = moments.slice(1).map((to, index) => ({ from: moments[index] ?? to, to }));
  const longest = gaps.reduce<(typeof gaps)[number] | null>(
    (best, gap) => (best === null || gap.to - gap.from > best.to - best.from ? gap : best),
    null,
  );
  if (longest === null) return null;
  const { from, to } = longest;
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString(), ms: to - from };
}

/** How many runs came to which verdict, the most frequent first. */
export function tallyOf(runs: readonly PastRun[]): { verdict: Verdict; runs: number }[] {
  const counts = [...Map.groupBy(runs, ({ verdict }) => verdict)].map(([verdict, { length }]) => ({
    verdict,
    runs: length,
  }));
  return counts.sort((a, b) => b.runs - a.runs || (a.verdict < b.verdict ? -1 : 1));
}

/** Oldest first. */
export function inOrder(runs: readonly PastRun[]): PastRun[] {
  return runs.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}
