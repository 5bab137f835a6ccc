import type pg from 'pg';
import type { Address } from './address.ts';
import type { Settings } from './transaction.ts';

/** `transaction`: settings do not outlive a transaction here, so each unit of work carries its own. */
export type Mode = 'session' | 'transaction';

export type Kind = 'direct' | 'session pooler' | 'transaction pooler' | 'unknown pooler';

/** What a session keeps for all its writes. Through a transaction pooler each transaction sets it again. */
export const WRITE_SETTINGS: Settings = {
  // A batch reads auth.users, too: an `alter table` waits for it, and every login behind that.
  statement_timeout: '15s',
  lock_timeout: '5s',
  idle_in_transaction_session_timeout: '60s',
  // Off turns "sees no row" into an error; it grants nothing.
  row_security: 'off',
};

/**
 * Behind a pooler the process id of the handshake is the pooler's own invention. Treating a session pooler as a
 * transaction pooler costs two round trips a batch; the opposite mistake would leak settings to other clients.
 */
export async function modeOf(client: pg.ClientBase, address: Address): Promise<Mode> {
  if (address.style === 'session pooler') return 'session';
  if (address.style === 'transaction pooler') return 'transaction';
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid === Reflect.get(client, 'processID') ? 'session' : 'transaction';
}

/** A host that is none of Supabase's is a server if it answers as one. */
export function kindOf(style: Address['style'], mode: Mode): Kind {
  if (style !== 'unknown') return style;
  return mode === 'session' ? 'direct' : 'unknown pooler';
}

/**
 * A server that looks now and then whether its client is still there ends what an interrupted run has left behind. Not
 * every platform can look, and not every version knows the timeout.
 */
const WHERE_KNOWN = `set idle_session_timeout = 0; do $$ begin
  begin perform set_config('client_connection_check_interval', '5s', false); exception when others then null; end;
  begin perform set_config('transaction_timeout', '0', false); exception when others then null; end;
end $$`;

/** Sets the session up and reads it back in another statement; false: another session answered. */
export async function keepSettings(client: pg.ClientBase, runId: string): Promise<boolean> {
  const sets = Object.entries(WRITE_SETTINGS).map(([name, value]) => `set ${name} = '${value}'`);
  await client.query([`set application_name = 'userdrift:${runId.slice(-8)}'`, ...sets, WHERE_KNOWN].join('; '));
  const { rows } = await client.query<{ kept: boolean }>(
    `select current_setting('lock_timeout') = '5s' and current_setting('row_security') = 'off' as kept`,
  );
  return rows[0]?.kept === true;
}
