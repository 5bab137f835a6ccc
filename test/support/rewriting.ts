import pg from 'pg';

/** Statements of this process, changed on their way to the server. */
export interface Rewriting {
  /** How many statements came out different. */
  readonly changed: number;
  [Symbol.dispose](): void;
}

/** Gives every statement that is sent in this process to `rewrite` first: the driver is patched, the code under test is not. */
export function rewriting(rewrite: (text: string) => string): Rewriting {
  const original: unknown = Reflect.get(pg.Client.prototype, 'query');
  if (typeof original !== 'function') throw new TypeError('pg.Client has no query');
  let changed = 0;
  const read = (text: string): string => {
    const other = rewrite(text);
    if (other !== text) changed += 1;
    return other;
  };
  Reflect.set(pg.Client.prototype, 'query', function (this: pg.Client, statement: unknown, ...rest: unknown[]) {
    return Reflect.apply(original, this, [rewritten(statement, read), ...rest]);
  });
  return {
    get changed() {
      return changed;
    },
    [Symbol.dispose]: () => void Reflect.set(pg.Client.prototype, 'query', original),
  };
}

/** A text, or an object with one: a query or a cursor, which must stay the object that it is. */
function rewritten(statement: unknown, read: (text: string) => string): unknown {
  if (typeof statement === 'string') return read(statement);
  if (typeof statement !== 'object' || statement === null) return statement;
  const text: unknown = Reflect.get(statement, 'text');
  if (typeof text === 'string') Reflect.set(statement, 'text', read(text));
  return statement;
}
