import type { ClientBase, QueryResultRow } from 'pg';
import Cursor from 'pg-cursor';

/** Reads all rows of a statement through a cursor, `size` at a time. Throws when the connection is lost on the way. */
export async function readRows<T extends QueryResultRow>(
  client: ClientBase,
  text: string,
  values: readonly unknown[],
  size: number,
): Promise<T[]> {
  // pg-cursor drops an error that arrives between its last row and the server's "ready": the read would never settle.
  let lost = () => {};
  const loss = new Promise<never>((_, reject) => {
    lost = () => reject(new Error('Connection terminated while reading'));
    client.once('end', lost);
  });
  try {
    return await Promise.race([readAll(client.query(new Cursor<T>(text, [...values])), size), loss]);
  } finally {
    client.off('end', lost);
  }
}

async function readAll<T>(cursor: Cursor<T>, size: number): Promise<T[]> {
  const all: T[] = [];
  for (let read = size; read === size; ) {
    const rows = await cursor.read(size);
    all.push(...rows);
    read = rows.length;
  }
  return all;
}
