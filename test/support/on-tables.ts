import type { Ids } from '../../src/ids.ts';
import type { Port, Tables } from '../../src/port.ts';

/** A `wrap` for `run` that lets `change` put methods of its own in place of those of the tables. */
export function onTables(change: (tables: Tables) => void): (port: Port) => Port {
  return (port) => {
    const bind = port.bind.bind(port);
    port.bind = (...options) => {
      const tables = bind(...options);
      change(tables);
      return tables;
    };
    return port;
  };
}

/** A `wrap` for `run` that sees, or changes, each batch of missing users that the reader hands out. */
export function eachMissing(act: (ids: Ids) => Ids): (port: Port) => Port {
  return onTables((tables) => {
    const missing = tables.missing.bind(tables);
    tables.missing = function* (...asked) {
      for (const stream of missing(...asked)) yield changed(stream, act);
    };
  });
}

async function* changed(stream: AsyncGenerator<Ids>, act: (ids: Ids) => Ids): AsyncGenerator<Ids> {
  for await (const ids of stream) yield act(ids);
}

/** A `wrap` for `run` that does something to the database right before a batch with these ids is written. */
export function beforeWrite(act: (ids: readonly string[]) => Promise<unknown>): (port: Port) => Port {
  return onTables((tables) => {
    const write = tables.write.bind(tables);
    tables.write = async function* (ids, stop) {
      await act([...ids]);
      yield* write(ids, stop);
    };
  });
}
