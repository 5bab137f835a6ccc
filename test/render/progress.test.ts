import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Progress, renderProgress, renderWait } from '../../src/render/progress.ts';

const half: Progress = { done: 23_667, total: 47_334, perSecond: 1_204, elapsedMs: 19_700, width: 100, unicode: true };

describe('renderProgress', () => {
  test('gives up what matters least as the window narrows', () => {
    const lines = [100, 70, 60, 50, 40, 30, 20, 10, 3].map((width) => renderProgress({ ...half, width }));
    expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
      "
      [███████████████░░░░░░░░░░░░░░░]   50%  23,667 of 47,334  1,204 rows/s  20s left
      [██████████░░░░░░░░░░]   50%  23,667 of 47,334  1,204 rows/s  20s left
      [█████░░░░░]   50%  23,667 of 47,334  1,204 rows/s  20s left
       50%  23,667 of 47,334  1,204 rows/s  20s left
       50%  23,667 of 47,334  1,204 rows/s
       50%  23,667 of 47,334
      [██████░░░░░░]   50%
       50%
       50
      "
    `);
  });

  test('is ASCII without UTF-8', () => {
    expect(renderProgress({ ...half, unicode: false })).toMatch(/^\[#{15}\.{15}\] {3}50% {2}[\x20-\x7e]+$/);
  });

  test('shows the time gone before there is a rate', () => {
    expect(renderProgress({ ...half, done: 0, perSecond: null })).toContain('0%  0 of 47,334  19s');
    expect(renderProgress({ ...half, done: 0, perSecond: 0 })).toContain('0%  0 of 47,334  0.0 rows/s  19s');
  });

  test('shows 100% only when it is true, and no more when users arrive meanwhile', () => {
    expect(renderProgress({ ...half, done: 47_333 })).toContain(' 99%  47,333 of 47,334');
    expect(renderProgress({ ...half, done: 47_334 })).toContain('100%  47,334 of 47,334  1,204 rows/s  verifying');
    expect(renderProgress({ ...half, done: 47_400 })).toContain('100%  47,400 of 47,334');
    expect(renderProgress({ ...half, done: 0, total: 0 })).toContain('100%  0 of 0  1,204 rows/s  verifying');
    expect(renderProgress({ ...half, done: 47_333 })).toMatch(/ 1s left$/);
  });

  test('is one line within the width', () => {
    const progress = fc.record({
      done: fc.nat(10_000_000),
      total: fc.nat(10_000_000),
      perSecond: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
      elapsedMs: fc.nat(1e9),
      width: fc.integer({ min: 0, max: 200 }),
      unicode: fc.boolean(),
    });
    fc.assert(
      fc.property(progress, (any) => {
        const line = renderProgress(any);
        expect([...line].length).toBeLessThanOrEqual(any.width);
        expect(line).not.toContain('\n');
        if (any.width >= 40) expect(line).toMatch(/\d%/);
        expect([...renderWait('counting users', any)].length).toBeLessThanOrEqual(any.width);
      }),
    );
  });
});
