import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barTable } from '../../bench/bars.ts';
import { logChart } from '../../bench/chart.ts';
import { compete, rotated } from '../../bench/rounds.ts';
import { parseStat } from '../../bench/server-cpu.ts';
import { countStatements } from '../../bench/statements.ts';
import { median, percentile, powerLaw } from '../../bench/statistics.ts';
import { counted, megabytes, milliseconds, seconds, spread, table, times } from '../../bench/tables.ts';

const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { minLength: 1 });

describe('the middle and the ends', () => {
  it('takes the middle one, or the mean of the two in the middle, in any order', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])]).toEqual([2, 2.5, 7]);
    expect(() => median([])).toThrow(RangeError);
  });

  it('has as many numbers below a median as above it', () => {
    fc.assert(
      fc.property(numbers, (some) => {
        const middle = median(some);
        const below = some.filter((number) => number < middle).length;
        const above = some.filter((number) => number > middle).length;
        return Math.max(below, above) <= some.length / 2;
      }),
    );
  });

  it('gives the percentile that so many are not above', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
    expect([0.5, 0.95, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 95, 99, 100]);
    expect(percentile([5], 0.95)).toBe(5);
    expect(() => percentile([], 0.5)).toThrow(RangeError);
    fc.assert(
      fc.property(numbers, fc.double({ min: 0.01, max: 1, noNaN: true }), (some, share) => {
        const limit = percentile(some, share);
        return some.filter((number) => number <= limit).length >= share * some.length && some.includes(limit);
      }),
    );
  });

  it('finds the power that points grow by', () => {
    const points = [1000, 5000, 20_000].map((x) => [x, 3 * x ** 1.25] as const);
    expect(powerLaw(points)?.exponent).toBeCloseTo(1.25, 9);
    expect(powerLaw(points)?.factor).toBeCloseTo(3, 9);
    expect(powerLaw([[10, 1]])).toBeNull();
    expect(powerLaw([])).toBeNull();
  });
});

describe('the rounds', () => {
  it('let each contestant begin in turn, and keep the numbers of each', async () => {
    expect([0, 1, 2, 3].map((by) => rotated(['a', 'b', 'c'], by).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
    const order: string[] = [];
    const contestant = (name: string, seconds: number[]) => ({
      name,
      run: async () => {
        order.push(name);
        return { seconds: seconds.shift() ?? 0 };
      },
    });
    const said: string[] = [];
    const results = await compete([contestant('a', [1, 9, 2]), contestant('b', [4, 5, 6])], 3, (line) =>
      said.push(line),
    );
    expect(order.join('')).toBe('abbaab');
    expect([results.all('a', 'seconds'), results.median('a', 'seconds')]).toEqual([[1, 9, 2], 2]);
    expect(said[2]).toBe('round 2 of 3: b, 5.00 s');
    expect([results.has('a', 'seconds'), results.has('a', 'pages')]).toEqual([true, false]);
    expect(() => results.median('a', 'pages')).toThrow('a has no pages');
    expect(() => results.median('c', 'seconds')).toThrow(RangeError);
  });
});

describe('the tables', () => {
  it('stand in columns, numbers to the right, and keep what would end a cell', () => {
    const text = table(
      ['Way', { number: 'Time' }],
      [
        ['a|b', '1 s'],
        ['long name', '12.5 s'],
      ],
    );
    expect(text.split('\n')).toEqual([
      '| Way       |   Time |',
      '| --------- | -----: |',
      '| a\\|b      |    1 s |',
      '| long name | 12.5 s |',
    ]);
  });

  it('show three digits that say something', () => {
    expect([0.00412, 0.412, 8.126, 93.46, 1204.4, 0].map(seconds)).toEqual([
      '0.004 s',
      '0.412 s',
      '8.13 s',
      '93.5 s',
      '1,204 s',
      '0 s',
    ]);
    expect([milliseconds(0.5), megabytes(93.6), times(0.7349), counted(1, 'round'), counted(2000, 'user')]).toEqual([
      '0.500 ms',
      '94 MB',
      '0.735×',
      '1 round',
      '2,000 users',
    ]);
    expect([spread([3, 1, 2], seconds), spread([1], seconds)]).toEqual(['1.00 s - 3.00 s', '-']);
  });

  it('say which bars are met, by what was measured and not by what is shown of it', () => {
    const bar = (measured: number) => ({ what: 'time', measured, limit: 0.75, render: times });
    const verdicts = [0.6, 0.75, 0.7504].map((measured) => barTable([bar(measured)]).split('\n')[2]);
    expect(verdicts).toEqual([
      expect.stringMatching(/0\.600×.*\| met {5}\|/),
      expect.stringMatching(/0\.750×.*\| met {5}\|/),
      expect.stringMatching(/0\.750×.*\| not met \|/),
    ]);
  });

  it('draw a power as a straight line of points', () => {
    const lines = logChart(
      [1000, 10_000, 100_000].map((x) => [x, x / 100] as const),
      'users',
    ).split('\n');
    const marks = lines.flatMap((line, row) => [...line.matchAll(/●/g)].map(({ index }) => [row, index] as const));
    expect(marks).toHaveLength(3);
    const [[top = 0, right = 0] = [], [middle = 0, center = 0] = [], [bottom = 0, left = 0] = []] = marks;
    expect(Math.abs(middle - (top + bottom) / 2)).toBeLessThanOrEqual(1);
    expect(Math.abs(center - (left + right) / 2)).toBeLessThanOrEqual(1);
    expect(lines.join('\n')).toMatch(/1k .*10k .*100k/);
  });
});

describe('what the system tells', () => {
  it('reads the line of a process whose name has blanks and brackets', () => {
    const fields = Array.from({ length: 40 }, (_, at) => String(at + 4));
    expect(parseStat(`17 (post) gres: a (b)) S ${fields.join(' ')}`)).toEqual({
      pid: 17,
      parent: 4,
      used: 14 + 15,
      usedByEnded: 16 + 17,
    });
  });

  it('counts each execution in the log once, failed ones too, and the lines of no statement', () => {
    const log = [
      '2026-01-01 UTC [1] LOG:  statement: begin',
      '2026-01-01 UTC [1] LOG:  execute <unnamed>: insert into public.users (id)',
      "\tselect u.id from auth.users u where u.email <> 'LOG:  x'",
      '2026-01-01 UTC [1] ERROR:  new row violates check constraint',
      '2026-01-01 UTC [1] STATEMENT:  insert into public.users (id)',
      '2026-01-01 UTC [1] LOG:  execute write/C_1: INSERT INTO public.users (id)',
      '2026-01-01 UTC [1] LOG:  statement: rollback',
      '2026-01-01 UTC [1] LOG:  statement: rollback to savepoint sight',
      '2026-01-01 UTC [1] LOG:  execute <unnamed>: explain insert into public.users (id)',
      '2026-01-01 UTC [2] LOG:  checkpoint starting: time',
    ].join('\n');
    expect(countStatements(log)).toEqual({ statements: 6, inserts: 2, rollbacks: 1 });
  });
});
