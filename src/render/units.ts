const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** 48210 → `48,210`; of whole numbers. Intl would take 10 ms of every run to load. */
export function thousands(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 user`, `214 users` */
export function counted(value: number, one: string, many: string = `${one}s`): string {
  return `${thousands(value)} ${value === 1 ? one : many}`;
}

/** Whole seconds and up, in the two largest units: `8d 4h`, `3h`, `45s`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0s';
  let rest = seconds;
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    return amount > 0 ? `${amount}${unit}` : '';
  });
  return parts.filter(Boolean).join(' ');
}

/** How long a run took: tenths of a second matter below a minute. */
export function duration(milliseconds: number): string {
  return milliseconds < 59_950 ? `${(milliseconds / 1000).toFixed(1)}s` : span(milliseconds);
}

/** How old `moment` was at `now`, both ISO 8601. A clock that runs ahead is said, not hidden. */
export function age(moment: string, now: string): string {
  const milliseconds = Date.parse(now) - Date.parse(moment);
  return milliseconds < 0 ? 'in the future' : span(milliseconds);
}

/** `1,204 rows/s`; below ten the tenth counts. */
export function rate(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : thousands(Math.round(perSecond))} rows/s`;
}

const SPOKEN = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** A span in one word and its number, for a sentence: `4 minutes`, `3 days`; below a minute `less than a minute`. */
export function spoken(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const unit = SPOKEN.find(([, size]) => seconds >= size);
  return unit ? counted(Math.floor(seconds / unit[1]), unit[0]) : 'less than a minute';
}
