import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ArrayText, type Ids } from '../../src/ids.ts';
import { Pace } from '../../src/postgres/pace.ts';

/** The pauses that were made, in milliseconds, and what would end them; none is waited for. */
const pauses = vi.hoisted((): { ms: number; signal: AbortSignal }[] => []);
vi.mock('node:timers/promises', () => ({
  setTimeout: async (ms: number, _: unknown, { signal }: { signal: AbortSignal }) => void pauses.push({ ms, signal }),
}));

const NEVER = new AbortController().signal;
const IDS = Array.from({ length: 250 }, (_, n) => `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`);

describe('a pace', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    return () => void vi.useRealTimers();
  });

  /** A pace that is told these numbers of rows, one at each look, and how it changes. */
  function paced(rows: (number | Error)[]) {
    const changes: boolean[] = [];
    const count = async () => {
      const next = rows.shift();
      if (next instanceof Error || next === undefined) throw next ?? new Error('nothing more to tell');
      return next;
    };
    const pace = new Pace(count, (givesWay) => changes.push(givesWay));
    const look = async (afterMs: number) => {
      vi.advanceTimersByTime(afterMs);
      await pace.look();
    };
    return { pace, look, changes };
  }

  test('takes the first look for a beginning', async () => {
    const { look, changes } = paced([1_000_000]);
    await look(0);
    expect(changes).toEqual([]);
  });

  test('sees people at five rows per second, and not at four', async () => {
    const { look, changes } = paced([0, 4, 9]);
    await look(0);
    await look(1000);
    expect(changes).toEqual([]);
    await look(1000);
    expect(changes).toEqual([true]);
  });

  test('looks once per second, a quarter of one after its first look', async () => {
    const told = [0, 100, 100];
    const { look } = paced(told);
    await look(0);
    await look(249);
    expect(told).toHaveLength(2);
    await look(1);
    expect(told).toHaveLength(1);
    await look(999);
    expect(told).toHaveLength(1);
    await look(1);
    expect(told).toHaveLength(0);
  });

  test('goes on for five seconds after nobody was seen any more', async () => {
    const { look, changes } = paced([0, 100, 100, 100, 100]);
    await look(0);
    await look(1000);
    await look(1000);
    await look(2500);
    expect(changes).toEqual([true]);
    await look(1500);
    expect(changes).toEqual([true, false]);
  });

  test('takes a look that fails for none', async () => {
    const { look, changes } = paced([0, new Error('the connection is gone'), 2000]);
    await look(0);
    await look(1000);
    await look(1000);
    expect(changes).toEqual([true]);
  });

  async function partsOf(pace: Pace, ids: Ids, stop = NEVER): Promise<string[][]> {
    const parts: string[][] = [];
    const work = async function* (part: Ids) {
      parts.push([...part]);
      yield part.length;
    };
    for await (const _ of pace.each(ids, stop, work)) expect(_).toBeGreaterThan(0);
    return parts;
  }

  test('hands on the very batch while nobody is there', async () => {
    const { pace } = paced([0, 0]);
    const seen: Ids[] = [];
    const ids = new ArrayText(`{${IDS.join()}}`);
    const work = async function* (part: Ids) {
      seen.push(part);
      yield part.length;
    };
    for await (const _ of pace.each(ids, NEVER, work));
    expect(seen).toEqual([ids]);
    expect(seen[0]).toBe(ids);
  });

  test.each([
    ['an array', IDS],
    ['the text of one', new ArrayText(`{${IDS.join()}}`)],
  ])('hands on a hundred at a time while people are there, nobody twice: %s', async (_, ids) => {
    const { pace, look } = paced([0, 1000]);
    await look(0);
    await look(1000);
    const parts = await partsOf(pace, ids);
    expect(parts.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(parts.flat()).toEqual(IDS);
  });

  test.each([
    [20, 80],
    [60_000, 5000],
  ])('after a part that took %i ms leaves %i ms to others, unless it is to stop', async (took, pause) => {
    const { pace, look } = paced([0, 1000]);
    await look(0);
    await look(1000);
    pauses.length = 0;
    const work = async function* (part: Ids) {
      vi.advanceTimersByTime(took);
      yield part.length;
    };
    for await (const count of pace.each(['one'], NEVER, work)) expect(count).toBe(1);
    expect(pauses).toEqual([{ ms: pause, signal: NEVER }]);
    expect(pauses[0]?.signal).toBe(NEVER);
  });

  test('hands on what is left of a batch when they are gone', async () => {
    const { pace, look } = paced([0, 1000, 1000]);
    await look(0);
    await look(1000);
    const parts: number[] = [];
    const work = async function* (part: Ids) {
      parts.push(part.length);
      vi.advanceTimersByTime(6000);
      yield part.length;
    };
    for await (const _ of pace.each(IDS, AbortSignal.abort(), work));
    expect(parts).toEqual([100, 150]);
  });
});
