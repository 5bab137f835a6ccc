import { expect, test } from 'vitest';
import { EXIT_CODES, exitCodeOf, USAGE, type Verdict } from '../src/exit-codes.ts';

test('each code stands once, and says in words of its own what it means', () => {
  expect(new Set(EXIT_CODES.map(({ code }) => code)).size).toBe(EXIT_CODES.length);
  expect(new Set(EXIT_CODES.map(({ meaning }) => meaning)).size).toBe(EXIT_CODES.length);
  for (const { meaning } of EXIT_CODES) expect(meaning).toMatch(/\w+ \w+/);
});

test('0 is earned by proof alone', () => {
  const green = EXIT_CODES.flatMap(({ verdicts }): Verdict[] => [...verdicts]).filter((each) => exitCodeOf(each) === 0);
  expect(green).toEqual(['in_sync', 'repaired']);
});

test('a wrong command line is no verdict of a run', () => {
  expect(EXIT_CODES.find(({ code }) => code === USAGE)?.verdicts).toEqual([]);
});

test('an interruption has the codes that a shell gives its signals', () => {
  expect(exitCodeOf('interrupted')).toBe(128 + 2);
  expect(EXIT_CODES.find(({ code }) => code === 130)?.meaning).toContain(`${128 + 15}: SIGTERM`);
});

test('a verdict without a code is a bug, never a 0', () => {
  expect(() => exitCodeOf('nonsense' as Verdict)).toThrow(new RangeError('no exit code for verdict nonsense'));
});
