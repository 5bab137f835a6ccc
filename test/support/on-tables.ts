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
