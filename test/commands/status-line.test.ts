import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { StatusLine } from '../../src/commands/status-line.ts';

/** A status line and what has been drawn in it; the window can be resized. */
function watched() {
  const drawn: (string | null)[] = [];
  const window = { width: 80 };
  const line = new StatusLine({
    status: (draw) => void drawn.push(draw?.(window.width) ?? null),
    look: { color: false, unicode: true, width: 200 },
  });
  return { line, drawn, window };
}

test('each line is as wide as the window is when it is drawn', () => {
  const { line, drawn, window } = watched();
  for (const width of [80, 30, 60]) {
    window.width = width;
    line.progress({ done: 10, total: 10 });
  }
  expect(drawn.map((text) => (text?.length ?? 0) <= 30)).toEqual([false, true, false]);
});

test('batches that settle faster than an eye follows are drawn once, the last one always', () => {
  const { line, drawn } = watched();
  for (let done = 0; done <= 1000; done += 1) line.progress({ done, total: 1000 });
  expect(drawn.length).toBeLessThan(500);
  expect(drawn.at(0)).toContain('  0%  0 of 1,000');
  expect(drawn.at(-1)).toContain('100%  1,000 of 1,000');
});

test('a wait is shown if it lasts, and not over what comes after it', async () => {
  const { line, drawn } = watched();
  line.wait('connecting');
  line.wait('counting users');
  while (drawn.length === 0) await sleep(20);
  expect(drawn).toEqual(['counting users …']);
  line.wait('connecting');
  line.progress({ done: 1, total: 1 });
  line.wait('connecting');
  line.clear();
  await sleep(600);
  expect(drawn.slice(1)).toEqual([expect.stringContaining('1 of 1'), null]);
});
