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

/** A `wrap` for `run` that does something to the database right before a batch with these ids is written. */
export function beforeWrite(act: (ids: readonly string[]) => Promise<unknown>): (port: Port) => Port {
  return onTables((tables) => {
    const write = tables.write.bind(tables);
    tables.write = async function* (ids, stop) {
      await act(ids);
      yield* write(ids, stop);
    };
  });
}
