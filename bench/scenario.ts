import type { Ground } from './ground.ts';
import type { Program } from './program.ts';

/** What a scenario works with. */
export interface Bench {
  readonly ground: Ground;
  readonly program: Program;
  readonly users: number;
  /** For growth, in ascending order. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Progress, for the person who waits. */
  readonly say: (line: string) => void;
}

/** One question and its answer. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How much of what was measured, for the caption: "200,000 users, 3 rounds". */
  scale(bench: Bench): string;
  /** The answer, as Markdown. Throws when a contestant did not do its work. */
  run(bench: Bench): Promise<string>;
}
