import type { TimeFields } from './time-fields.ts';

const DAY_MINUTES = 1440;
const MINUTE_MS = 60_000;
/** A year and its leap day, beginning on a Sunday: what no line of it repeats within is as good as never. */
const YEAR = Date.UTC(2012, 0, 1);
const DAYS = 366;

/**
 * The longest time, in milliseconds, in which none of the lines begins a run, over a year that is taken for a circle. The
 * hour that a time zone may add or drop twice a year is left out. Infinity without a line.
 */
export function longestGapMs(lines: readonly TimeFields[]): number {
  const starts = Array.from({ length: DAYS }, (_, day) => startsOn(day, lines)).flat();
  const [first] = starts;
  const last = starts.at(-1);
  if (first === undefined || last === undefined) return Number.POSITIVE_INFINITY;
  const across = first + DAYS * DAY_MINUTES - last;
  // Half a million starts are too many for the arguments of Math.max.
  return (
    starts.reduce((longest, start, index) => Math.max(longest, start - (starts[index - 1] ?? start)), across) *
    MINUTE_MS
  );
}

/** Minutes since the start of the year, ascending. */
function startsOn(day: number, lines: readonly TimeFields[]): number[] {
  const date = new Date(YEAR + day * DAY_MINUTES * MINUTE_MS);
  const today = lines.filter(
    ({ daysOfMonth, months, daysOfWeek }) =>
      months.includes(date.getUTCMonth() + 1) &&
      daysOfMonth.includes(date.getUTCDate()) &&
      daysOfWeek.includes(date.getUTCDay()),
  );
  const minutes = today.flatMap(({ hours, minutes }) =>
    hours.flatMap((hour) => minutes.map((minute) => hour * 60 + minute)),
  );
  return [...new Set(minutes)].sort((a, b) => a - b).map((minute) => day * DAY_MINUTES + minute);
}
