import { spoken } from '../units.ts';

/** `2026-11-16 12:00`, of ISO 8601 or milliseconds; UTC. */
export function moment(when: string | number): string {
  return new Date(when).toISOString().slice(0, 16).replace('T', ' ');
}

/** How a page says when something was; `when` as ISO 8601 or milliseconds. */
export type Saying = (when: string | number) => string;

/** On a page that is made anew all the time: `4 minutes ago`. `now` as ISO 8601. */
export function asAgo(now: string): Saying {
  return (when) => {
    const milliseconds = Date.parse(now) - new Date(when).getTime();
    return milliseconds < 0 ? `at ${moment(when)} UTC` : `${spoken(milliseconds)} ago`;
  };
}

/** In a file, which is read whenever: `at 2026-11-16 12:00 UTC`. */
export const asTime: Saying = (when) => `at ${moment(when)} UTC`;

const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const MONTH = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' });
const DAY_MS = 86_400_000;

/** The labels of a time axis, for its ticks: as much of each as its neighbours do not say. */
export function tickLabels(ticks: readonly Date[]): string[] {
  const step = (ticks[1]?.getTime() ?? 0) - (ticks[0]?.getTime() ?? 0);
  return ticks.map((tick) => {
    if (step >= 28 * DAY_MS) return MONTH.format(tick);
    return isMidnight(tick) ? DAY.format(tick) : tick.toISOString().slice(11, 16);
  });
}

/** What the labels leave open: the zone, and the day where none of them names it. */
export function axisNote(ticks: readonly Date[]): string {
  const [first] = ticks;
  return first === undefined || ticks.some(isMidnight) ? 'UTC' : `${DAY.format(first)}, UTC`;
}

function isMidnight(tick: Date): boolean {
  return tick.getTime() % DAY_MS === 0;
}
