import { expect, test } from 'vitest';
import { leavesPulse } from '../../src/schedule/pulse.ts';

const line = (text: string) => ({ args: text.split(' ') });

test.each([
  ['check --quiet', 'sync --quiet --busy-ok', true],
  ['check --target=a --quiet', 'sync --target a', true],
  ['check', 'doctor', false],
  ['check', 'check', false],
  ['check', 'sync --shard 1/4', false],
  ['check', 'sync --since=7d', false],
  ['check', 'sync --dry-run', false],
  ['check --target b', 'sync --target a', false],
  ['check --config b.json', 'sync', false],
  ['sync', 'sync', false],
])('%s beside %s: %s', (one, other, expected) => {
  expect(leavesPulse(line(one), [line(other), line(one)])).toBe(expected);
});
