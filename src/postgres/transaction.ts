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
  await client.query([begin, ...setsOf(settings), NO_TRANSACTION_TIMEOUT].join('; '));
  const result = await work();
  const { command } = await client.query('commit');
  requireCommit(command);
  return result;
}

/** A role may have one (since 17), and a measure takes what it takes. */
export const NO_TRANSACTION_TIMEOUT = `select pg_catalog.set_config('transaction_timeout', '0', true)
where pg_catalog.current_setting('transaction_timeout', true) <> '0'`;

/** A statement whose values stand in its text, and what to set for it. */
export interface Step {
  settings: Settings;
  text: string;
}

/**
 * Runs statements as one transaction in one message, so in one round trip through any pooler; each has a snapshot of its
 * own. Returns the rows of the last one.
 */
export async function atOnce<T extends object>(
  client: pg.ClientBase,
  settings: Settings,
  steps: readonly Step[],
): Promise<T[]> {
  const lines = steps.flatMap((step) => [...setsOf(step.settings), step.text]);
  const begin = ['begin isolation level read committed', ...setsOf(settings), NO_TRANSACTION_TIMEOUT];
  const message = [...begin, ...lines, 'commit'].join(';\n');
  // pg answers a message of several statements with the results of all.
  const answer: unknown = await client.query(message);
  const results = answer as pg.QueryResult<T>[];
  requireCommit(results.at(-1)?.command);
  return results.at(-2)?.rows ?? [];
}

function setsOf(settings: Settings): string[] {
  return Object.entries(settings).map(([name, value]) => `set local ${name} = '${value}'`);
}

/** COMMIT of an aborted transaction succeeds, as a rollback; only its tag tells. */
function requireCommit(command: string | undefined): void {
  if (command !== 'COMMIT') throw new Error('Connection terminated: the transaction was rolled back');
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
