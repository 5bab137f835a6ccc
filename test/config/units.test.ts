import { expect, test } from 'vitest';
import {
  parseDuration,
  parseMoment,
  parsePercent,
  parseRepository,
  parseShard,
  parseUuid,
} from '../../src/config/units.ts';

const NOW = Date.parse('2026-11-22T12:00:00Z');

test.each([
  ['60s', 60_000],
  ['0', 0],
  ['0s', 0],
  ['1.5h', 5_400_000],
  ['250ms', 250],
  ['2d', 172_800_000],
  ['5 m', 300_000],
  ['36500d', 3_153_600_000_000],
])('duration %s', (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each(['', '60', '-5s', '5x', '1h30m', 'abc', 's', '1e3s', '∞', '36501d', '99999999999999999d'])(
  '%j is no duration',
  (text) => expect(parseDuration(text)).toBeNull(),
);

test.each([
  ['20%', 0.2],
  ['0%', 0],
  ['100%', 1],
  ['12.5 %', 0.125],
])('percentage %s', (text, share) => expect(parsePercent(text)).toBe(share));

test.each(['', '20', '0.2', '-1%', '101%', 'abc%', '%'])('%j is no percentage', (text) =>
  expect(parsePercent(text)).toBeNull(),
);

test.each([
  ['2026-11-01', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T08:30Z', '2026-11-01T08:30:00.000Z'],
  ['2026-11-01T08:30:00+02:00', '2026-11-01T06:30:00.000Z'],
  ['7d', '2026-11-15T12:00:00.000Z'],
])('moment %s', (text, iso) => expect(parseMoment(text, NOW)).toBe(iso));

test.each(['', 'yesterday', '2026-02-30', '2026-13-01', '22.11.2026', '1e5', '0', '2026-11-01 08:00'])(
  '%j is no moment',
  (text) => expect(parseMoment(text, NOW)).toBeNull(),
);

test.each(['0/4', '5/4', '1', 'a/b', '1/0', '-1/4', '1/4/2', '99999/99999'])('%j is no shard', (text) =>
  expect(parseShard(text)).toBeNull(),
);

test('shard 2/4', () => expect(parseShard('2/4')).toEqual({ index: 2, count: 4 }));

test('a uuid is canonical or none', () => {
  expect(parseUuid('0B9F3F1E-6A0D-4B52-9A57-0C3D7E1F2A10')).toBe('0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10');
  expect(parseUuid('{0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10}')).toBeNull();
  expect(parseUuid("0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a1'")).toBeNull();
});

test.each(['acme/app', 'a/b', 'a-1/.github', 'a/b_c.d-e'])('repository %s', (text) =>
  expect(parseRepository(text)).toBe(text),
);

test.each([
  '',
  'app',
  '/app',
  'acme/',
  'a/b/c',
  '-a/b',
  'a/..',
  'a/.',
  'a b/c',
  'a/b?c',
  'https://github.com/a/b',
  'a/b\n',
])('%j is no repository', (text) => expect(parseRepository(text)).toBeNull());
