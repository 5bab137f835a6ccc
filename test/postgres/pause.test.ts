import { expect, test, vi } from 'vitest';
import { Pace } from '../../src/postgres/pace.ts';

const pauses = vi.hoisted((): number[] => []);
vi.mock('node:timers/promises', () => ({ setTimeout: async (ms: number) => void pauses.push(ms) }));

test.each([
  [20, 80],
  [60_000, 5000],
])('after a part that took %i ms others have %i ms for themselves', async (took, pause) => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    let rows = 0;
    const pace = new Pace(
      async () => rows,
      () => {},
    );
    await pace.look();
    rows = 1000;
    vi.advanceTimersByTime(1000);
    const work = async function* () {
      vi.advanceTimersByTime(took);
      yield [];
    };
    for await (const _ of pace.each(['one'], new AbortController().signal, work));
    expect(pauses.splice(0)).toEqual([pause]);
  } finally {
    vi.useRealTimers();
  }
});
