import { median } from './statistics.ts';

/** What one contestant came to in one round: numbers by name; all its rounds have the same names. */
export type Outing = Readonly<Record<string, number>>;

/** Somebody who takes part; `run` is called once per round. */
export interface Contestant {
  readonly name: string;
  run(): Promise<Outing>;
}

/**
 * Lets everybody run once per round. Each round starts with another contestant: a machine that becomes warm, slow or busy
 * must not do so for the same one each time.
 */
export async function compete(
  contestants: readonly Contestant[],
  rounds: number,
  say: (line: string) => void,
): Promise<Results> {
  const outings = new Map<string, Outing[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, run } of rotated(contestants, round)) {
      const outing = await run();
      outings.get(name)?.push(outing);
      say(`round ${round + 1} of ${rounds}: ${name}${timeOf(outing)}`);
    }
  }
  return new Results(outings);
}

/** The list, beginning with another element each time. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}

function timeOf({ seconds }: Outing): string {
  return seconds === undefined ? '' : `, ${seconds.toFixed(2)} s`;
}

/** What came of all rounds. */
export class Results {
  readonly #outings: ReadonlyMap<string, readonly Outing[]>;

  constructor(outings: ReadonlyMap<string, readonly Outing[]>) {
    this.#outings = outings;
  }

  /** One number of a contestant, round by round. Throws where it has none. */
  all(contestant: string, number: string): number[] {
    const outings = this.#outings.get(contestant) ?? [];
    return outings.map((outing) => {
      const value = outing[number];
      if (value === undefined) throw new RangeError(`${contestant} has no ${number}`);
      return value;
    });
  }

  median(contestant: string, number: string): number {
    return median(this.all(contestant, number));
  }

  has(contestant: string, number: string): boolean {
    return this.#outings.get(contestant)?.every((outing) => number in outing) ?? false;
  }
}
