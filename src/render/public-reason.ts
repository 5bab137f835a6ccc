import type { Note, Report } from '../report.ts';

/**
 * The reason of a run for a place that others can read. Before there was a connection, the message names host, port and
 * user; the report then has no host to look for, so only the code is left. Later the host, and a user with the
 * project's name in it, are taken out.
 */
export function publicReason({ reason, database, verdict }: Report): { code: string; note: Note | null } {
  if (reason === null) return { code: verdict, note: null };
  if (database.host === null) return { code: reason.code, note: null };
  const secrets = [database.host, ...(database.user?.includes('.') ? [database.user] : [])];
  const hide = (text: string) =>
    secrets.reduce((shown, secret) => (secret ? shown.replaceAll(secret, '…') : shown), text);
  return {
    code: reason.code,
    note: { code: reason.code, message: hide(reason.message), fix: reason.fix && hide(reason.fix) },
  };
}
