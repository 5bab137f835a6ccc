import { rate, span, thousands } from './units.ts';
import { columns } from './wrap.ts';

export interface Progress {
  done: number;
  /** What the first query counted; users who arrive meanwhile can carry `done` past it. */
  total: number;
  /** null until there is something to measure. */
  perSecond: number | null;
  elapsedMs: number;
  width: number;
  unicode: boolean;
}

const BAR_MIN = 10;
const BAR_MAX = 30;
const GAP = '  ';

/** One line of at most `width` columns: bar, percent, counts, rate, time left. What has no room is left out, bar first. */
export function renderProgress(progress: Progress): string {
  const words = [percent(progress), counts(progress), speed(progress), time(progress)].filter(Boolean);
  while (words.length > 1 && columns(words.join(GAP)) > progress.width) words.pop();
  const text = words.join(GAP);
  const room = Math.min(BAR_MAX, progress.width - columns(text) - GAP.length - 2);
  return room < BAR_MIN ? text.slice(0, Math.max(0, progress.width)) : `${bar(progress, room)}${GAP}${text}`;
}

/** What a run is waiting for, before there is anything to count; at most `width` columns. */
export function renderWait(what: string, { width, unicode }: Pick<Progress, 'width' | 'unicode'>): string {
  return [...`${what} ${unicode ? '…' : '...'}`].slice(0, Math.max(0, width)).join('');
}

function fraction({ done, total }: Progress): number {
  return total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
}

function bar(progress: Progress, length: number): string {
  const [full, empty] = progress.unicode ? ['█', '░'] : ['#', '.'];
  const filled = Math.floor(fraction(progress) * length);
  return `[${full.repeat(filled)}${empty.repeat(length - filled)}]`;
}

/** Rounded down: 100% is not shown before it is true. */
function percent(progress: Progress): string {
  return `${Math.floor(fraction(progress) * 100)}%`.padStart(4);
}

function counts({ done, total }: Progress): string {
  return `${thousands(done)} of ${thousands(total)}`;
}

function speed({ perSecond }: Progress): string {
  return perSecond === null ? '' : rate(perSecond);
}

/** Time left, rounded up: nothing is left only at the end. Before the first measured rate, time gone. */
function time({ done, total, perSecond, elapsedMs }: Progress): string {
  if (done >= total) return 'verifying';
  if (perSecond === null || perSecond <= 0) return span(elapsedMs);
  return `${span(Math.ceil((total - done) / perSecond) * 1000)} left`;
}
