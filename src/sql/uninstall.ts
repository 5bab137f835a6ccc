import { dollarQuoted } from './dollar-quote.ts';
import { literal } from './name.ts';
import { ROLE } from './role.ts';
import { comment, inTransaction, type Origin, script } from './script.ts';

/** What of ours the catalog has; names and signatures as SQL. */
export interface Installed {
  /** functions of the triggers on auth.users */
  triggerFunctions: readonly string[];
  functions: readonly string[];
  /** views and tables, but for the history */
  views: readonly string[];
  tables: readonly string[];
  history: boolean;
  role: boolean;
  /** Something belongs to the role, or it has rights in another database of the server. */
  roleBusy: boolean;
  schema: boolean;
  /** Something in the schema is none of ours. */
  schemaShared: boolean;
}

/** `userdrift sql uninstall`: drops what is there of ours, and nothing else. The history stays. */
export function uninstallSql(installed: Installed, origin: Origin): string {
  const about = [
    'Drops what userdrift has installed in this database, as it is now, and nothing else. Applied again, it changes nothing.',
    '',
    'A trigger goes with its function, which takes an exclusive lock on auth.users for a moment: no sign-up or login gets through meanwhile. If the lock is not free within two seconds, nothing is done; try again at a quieter time.',
  ];
  const statements = drops(installed);
  const parts = statements.length > 0 ? [inTransaction(...statements)] : [comment(['Nothing of it is installed.'])];
  return script({ what: 'uninstall', mapping: null, about }, origin, [...parts, ...left(installed)]);
}

function drops(installed: Installed): string[] {
  const { triggerFunctions, functions, views, tables, role, roleBusy } = installed;
  return [
    // "drop trigger" is for the owner of the table, and on Supabase locks every table of schema auth on its way.
    ...triggerFunctions.map((signature) => `drop function if exists ${signature} cascade;`),
    ...functions.map((signature) => `drop function if exists ${signature};`),
    ...views.map((name) => `drop view if exists ${name};`),
    ...tables.map((name) => `drop table if exists ${name};`),
    ...(role && !roleBusy ? [ROLE_GOES] : []),
    ...(installed.schema && !installed.schemaShared && !installed.history ? ['drop schema if exists userdrift;'] : []),
  ];
}

/** Takes back what was granted to it here, its policy on the target included. Whoever makes a role is no member of it since PostgreSQL 16. */
const ROLE_GOES = `do ${dollarQuoted(`begin
  if exists (select from pg_catalog.pg_roles where rolname = ${literal(ROLE)}) then
    grant ${ROLE} to current_user;
    drop owned by ${ROLE};
    drop role ${ROLE};
  end if;
end`)};`;

function left({ history, role, roleBusy, schemaShared }: Installed): string[] {
  return [
    ...(history
      ? [
          comment([
            'Left: the table of past runs. If nobody needs them any more:',
            `  drop table userdrift.runs;${schemaShared ? '' : ' drop schema userdrift;'}`,
          ]),
        ]
      : []),
    ...(role && roleBusy
      ? [comment([`Left: role ${ROLE}, because something belongs to it, or it has rights in another database.`])]
      : []),
    ...(schemaShared ? [comment(['Left: schema userdrift, because something in it is not from userdrift.'])] : []),
  ];
}
