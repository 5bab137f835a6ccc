/** What `userdrift sql` prints. */
export const SQL_KINDS = ['functions', 'trigger', 'webhook', 'role', 'history', 'statement', 'uninstall'] as const;

export type SqlKind = (typeof SQL_KINDS)[number];
