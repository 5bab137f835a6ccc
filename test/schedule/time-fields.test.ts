import fc from 'fast-check';
import cron from 'node-cron';
import { expect, test } from 'vitest';
import { longestGapMs } from '../../src/schedule/gap.ts';
import { NICKNAMES, parseTime, type TimeFields } from '../../src/schedule/time-fields.ts';

const DAY_MS = 86_400_000;
const YEAR_START = Date.UTC(2012, 0, 1);

function field(from: number, to: number): fc.Arbitrary<string> {
  const value = fc.integer({ min: from, max: to });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: to });
  const stepped = fc.tuple(fc.oneof(range, fc.constant('*')), step).map(([of, by]) => `${of}/${by}`);
  const part = fc.oneof(fc.constant('*'), value.map(String), range, stepped);
  return fc.oneof(
    fc.constant('*'),
    fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(',')),
  );
}

const months = fc.oneof(field(1, 12), fc.constantFrom('jan', 'FEB', 'Mar-dec'));
const days = fc.oneof(field(0, 6), fc.constantFrom('7', '1,7', 'sun', 'MON-Fri', 'tue,thu'));
const time = fc
  .tuple(field(0, 59), field(0, 23), field(1, 31), months, days, fc.boolean())
  .map(([minute, hour, day, month, weekday, byDay]) =>
    [minute, hour, byDay ? day : '*', month, byDay ? '*' : weekday].join(' '),
  );

function fieldsOf(text: string): TimeFields {
  const { value, faults } = parseTime(text);
  if (!value) throw new Error(faults?.join());
  return value;
}

const sorted = (values: readonly (number | string)[]) => [...new Set(values.map(Number))].sort((a, b) => a - b);

test('node-cron reads the same times in whatever is accepted', () => {
  fc.assert(
    fc.property(time, (text) => {
      const { value } = parseTime(text);
      fc.pre(value !== undefined);
      const { second, minute, hour, dayOfMonth, month, dayOfWeek } = cron.parse(text);
      expect(second).toEqual([0]);
      expect(value).toEqual({
        minutes: sorted(minute),
        hours: sorted(hour),
        daysOfMonth: sorted(dayOfMonth),
        months: sorted(month),
        daysOfWeek: sorted(dayOfWeek),
      });
    }),
    { numRuns: 2000 },
  );
});

test('whatever node-cron refuses is refused', () => {
  const anything = fc.array(fc.string({ unit: fc.constantFrom(...'0123456789*/,-LW#?a'), maxLength: 5 }), {
    minLength: 5,
    maxLength: 5,
  });
  fc.assert(
    fc.property(anything, (words) => {
      const { value } = parseTime(words.join(' '));
      if (value) expect(cron.validate(words.join(' '))).toBe(true);
    }),
    { numRuns: 5000 },
  );
});

test.each(Object.entries(NICKNAMES))('%s is %s, to node-cron too', (nickname, text) => {
  expect(parseTime(nickname)).toEqual(parseTime(text));
  expect(cron.parse(nickname)).toEqual(cron.parse(text));
});

/** The starts of a line in the leap year 2012, found without the code under test. */
function startsOf(text: string): number[] {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = cron.parse(text);
  const days = Array.from({ length: 366 }, (_, day) => new Date(YEAR_START + day * DAY_MS));
  return days
    .filter((date) => month.includes(date.getUTCMonth() + 1))
    .filter((date) => dayOfMonth.includes(date.getUTCDate()) && dayOfWeek.includes(date.getUTCDay()))
    .flatMap((date) => hour.flatMap((h) => minute.map((m) => date.getTime() + (Number(h) * 60 + Number(m)) * 60_000)));
}

test('the longest gap is the longest one of a year', () => {
  // Every minute of every hour makes this slow, and gaps of a minute teach nothing.
  const sparse = fc
    .tuple(fc.nat(59), fc.nat(23), time)
    .map(([minute, hour, text]) => text.replace(/^\S+ \S+/, `${minute} ${hour}`));
  fc.assert(
    fc.property(fc.array(sparse, { minLength: 1, maxLength: 3 }), (texts) => {
      fc.pre(texts.every((text) => parseTime(text).value !== undefined));
      const starts = texts.flatMap(startsOf).sort((a, b) => a - b);
      const [first = 0] = starts;
      const gaps = starts.map((start, index) => (starts[index + 1] ?? first + 366 * DAY_MS) - start);
      expect(longestGapMs(texts.map(fieldsOf))).toBe(Math.max(...gaps));
    }),
  );
});

test.each([
  [['2-59/5 * * * *'], 5],
  [['17 * * * *'], 60],
  [['2-59/5 * * * *', '17 * * * *'], 5],
  [['0 6 * * *', '0 18 * * *'], 12 * 60],
  [['*/5 9-16 * * *'], 16 * 60 + 5],
  [['0 9 * * 1-5'], 72 * 60],
  [['0 0 1 1 *'], 366 * 24 * 60],
  [['0 0 29 2 *'], 366 * 24 * 60],
])('%j: %i minutes', (texts, minutes) => {
  expect(longestGapMs(texts.map(fieldsOf)) / 60_000).toBe(minutes);
});

test('without a line it is endless', () => {
  expect(longestGapMs([])).toBe(Number.POSITIVE_INFINITY);
});
