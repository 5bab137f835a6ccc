import pg from 'pg';

export type Settings = Readonly<Record<string, string>>;

/** Runs `work` in a read-only transaction with these settings. */
export async function readOnly<T>(
  client: pg.ClientBase,
  settings: Settings,
  work: (client: pg.ClientBase) => Promise<T>,
): Promise<T> {
  return transaction(client, 'begin isolation level read committed read only', settings, () => work(client));
}

/** Runs `work` between `begin` and a COMMIT whose tag is checked. */
export async function transaction<T>(
  client: pg.ClientBase,
  begin: string,
  settings: Settings,
  work: () => Promise<T>,
): Promise<T> {
  const sets = Object.entries(settings).map(([name, value]) => `set local ${name} = '${value}'`);
  await client.query([begin, ...sets].join('; '));
  const result = await work();
  const { command } = await client.query('commit');
  // COMMIT of an aborted transaction succeeds, as a rollback; only its tag tells.
  if (command !== 'COMMIT') throw new Error('Connection terminated: the transaction was rolled back');
  return result;
}

/** The server refused a statement; the connection is as good as before. */
export function isRefusedStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

/** Did the rollback get through? */
export async function rolledBack(client: pg.ClientBase): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}
