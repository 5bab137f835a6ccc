import type { Breakdown } from '../port.ts';
import type { Report } from '../report.ts';

type ByTime = NonNullable<Report['drift']['missingByTime']>;

/** The finest of these units that does not need more lines than its own number. */
const UNITS = [
  { unit: 'day', most: 14, start: (day: string) => day },
  { unit: 'month', most: 24, start: (day: string) => `${day.slice(0, 7)}-01` },
  { unit: 'year', most: Number.POSITIVE_INFINITY, start: (day: string) => `${day.slice(0, 4)}-01-01` },
] as const;

/** Missing users over time, in units that a person can take in; counts and `unknown` add up to what `days` do. Pure. */
export function missingByTime(days: Breakdown['days']): ByTime {
  const dated = days.flatMap(({ day, missing }) => (day === null ? [] : [{ day, missing }]));
  const unknown = days.reduce((sum, { day, missing }) => sum + (day === null ? missing : 0), 0);
  for (const { unit, most, start } of UNITS) {
    const counts = new Map<string, number>();
    for (const { day, missing } of dated) counts.set(start(day), (counts.get(start(day)) ?? 0) + missing);
    if (counts.size <= most)
      return { unit, counts: [...counts].map(([start, missing]) => ({ start, missing })), unknown };
  }
  throw new RangeError('any number of years is few enough');
}
