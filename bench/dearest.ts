import type { Arena } from './arena.ts';
import { dearestOf } from './statements.ts';
import { milliseconds, table, whole } from './tables.ts';

const SHOWN = 5;

/** Where the time of the role postgres has gone in an arena: its dearest statements, all their calls together. */
export async function dearestTable(arena: Arena): Promise<string> {
  const rows = (await dearestOf(arena, SHOWN)).map(({ text, calls, milliseconds: time, pages }) => [
    `\`${text.trim().replaceAll('`', "'")}\``,
    whole(calls),
    milliseconds(time),
    whole(pages),
  ]);
  const numbers = ['Calls', 'Time', 'Pages'];
  return table(['Statement', ...numbers.map((number) => ({ number }))], rows);
}
