const NAMES: Record<string, string> = {
  '22001': 'a value is too long for its column',
  '22003': 'a number is out of range for its column',
  '22007': 'a value is not a valid date or time',
  '22008': 'a date or time is out of range',
  '22021': 'a text has bytes that the encoding does not know',
  '22P02': 'a value does not have the form of its type',
  '23502': 'a required column got no value',
  '23503': 'a foreign key points at a row that is not there',
  '23505': 'another row already has this value',
  '23514': 'a check constraint forbids the value',
  '23P01': 'an exclusion constraint forbids the row',
  '42501': 'a policy or a missing privilege forbids the row',
  P0001: 'a trigger or function raised an error',
  P0002: 'a trigger or function found no row',
  P0003: 'a trigger or function found too many rows',
  P0004: 'an assertion in a trigger or function failed',
};

const CLASSES: Record<string, string> = {
  '22': 'a value does not fit its column',
  '23': 'a constraint forbids the row',
  '55': 'a row or table was not in the needed state',
  P0: 'a trigger or function failed',
};

/** What a SQLSTATE means to a person: its own name, or that of its class. */
export function nameOf(sqlstate: string): string {
  return named(NAMES, sqlstate) ?? named(CLASSES, sqlstate.slice(0, 2)) ?? 'the database refused the row';
}

function named(names: Record<string, string>, code: string): string | undefined {
  return Object.hasOwn(names, code) ? names[code] : undefined;
}
