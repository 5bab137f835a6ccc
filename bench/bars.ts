import { table } from './tables.ts';

/** A number that is to be reached. */
export interface Bar {
  readonly what: string;
  readonly measured: number;
  /** Up to and including this it is met. */
  readonly limit: number;
  readonly render: (number: number) => string;
}

/** Which are met: computed from what was measured, not from what is shown of it. */
export function barTable(bars: readonly Bar[]): string {
  const rows = bars.map(({ what, measured, limit, render }) => [
    what,
    render(measured),
    `at most ${render(limit)}`,
    measured <= limit ? 'met' : 'not met',
  ]);
  return table(['Bar', { number: 'Measured' }, { number: 'To reach' }, 'Verdict'], rows);
}
