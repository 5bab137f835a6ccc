import fc from 'fast-check';
import { expect, test } from 'vitest';
import { age, counted, duration, rate, span, spoken, thousands } from '../../src/render/units.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const DAY = 24 * HOUR;

test('thousands have separators', () => {
  expect([0, 999, 48_210, 10_000_000].map(thousands)).toEqual(['0', '999', '48,210', '10,000,000']);
});

test('one is singular', () => {
  expect([0, 1, 2].map((count) => counted(count, 'user'))).toEqual(['0 users', '1 user', '2 users']);
});

test.each([
  [0, '0s'],
  [999, '0s'],
  [45 * SECOND, '45s'],
  [60 * SECOND, '1m'],
  [192 * SECOND, '3m 12s'],
  [3 * HOUR, '3h'],
  [2 * HOUR + 5 * 60 * SECOND + 7 * SECOND, '2h 5m'],
  [8 * DAY + 4 * HOUR + 59 * 60 * SECOND, '8d 4h'],
  [8 * DAY + 59 * 60 * SECOND, '8d'],
  [400 * DAY, '400d'],
])('a span of %i ms is %s', (milliseconds, text) => {
  expect(span(milliseconds)).toBe(text);
});

test.each([
  [0, '0.0s'],
  [612, '0.6s'],
  [59_949, '59.9s'],
  [59_950, '59s'],
  [60_000, '1m'],
  [3_725_000, '1h 2m'],
])('a run of %i ms took %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

test('an age is the time from a moment to now', () => {
  expect(age('2026-11-08T07:30:00.000Z', '2026-11-16T12:00:00.000Z')).toBe('8d 4h');
  expect(age('2026-11-16T12:00:01.000Z', '2026-11-16T12:00:00.000Z')).toBe('in the future');
});

test.each([
  [0, 'less than a minute'],
  [59_999, 'less than a minute'],
  [60 * SECOND, '1 minute'],
  [4 * 60 * SECOND + 59_999, '4 minutes'],
  [HOUR, '1 hour'],
  [23 * HOUR + 3_599_999, '23 hours'],
  [3 * DAY, '3 days'],
  [-5, 'less than a minute'],
])('%i ms are spoken of as %s', (milliseconds, text) => {
  expect(spoken(milliseconds)).toBe(text);
});

test('a rate has a tenth below ten', () => {
  expect([0.44, 9.94, 12.6, 1_204.4].map(rate)).toEqual(['0.4 rows/s', '9.9 rows/s', '13 rows/s', '1,204 rows/s']);
});

test('thousands are those of Intl, which is not loaded for them', () => {
  const intl = new Intl.NumberFormat('en-US');
  fc.assert(fc.property(fc.maxSafeNat(), (value) => thousands(value) === intl.format(value)));
});
