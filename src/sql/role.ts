import { AUTH_USERS, AUTH_USERS_COLUMNS, skipColumns } from './auth-users.ts';
import { columnsNamed } from './columns-named.ts';
import { dollarQuoted } from './dollar-quote.ts';
import type { Mapping } from './mapping.ts';
import { display, ident, literal, qualified } from './name.ts';
import { inTransaction, type Origin, SCHEMA, script } from './script.ts';

export const ROLE = 'userdrift_job';
const VIEW = 'userdrift.auth_users';

/** What the catalog says of the target, and what else the role has to get at. */
export interface Surroundings {
  /** Row level security is on for the target. */
  rowSecurity: boolean;
  /** Sequences that defaults of the target draw from, as SQL names. */
  sequences: readonly string[];
  /** The repair function with the types of its arguments, as SQL; null: rows are inserted. */
  repair: string | null;
  /** `userdrift sql history` is installed. */
  history: boolean;
}

/** `userdrift sql role`: a login role that can do what the job does and nothing else. */
export function roleSql(mapping: Mapping, around: Surroundings, origin: Origin): string {
  const { history } = around;
  const target = display(mapping.target);
  const deed = mapping.repair
    ? `reads the key of ${target} and calls ${display(mapping.repair)}`
    : `writes to ${target}`;
  const about = [
    `A login role for the job, ${ROLE}: it reads ${VIEW}, a view of those columns of auth.users that the job needs, and ${deed}. On Supabase nobody can grant it auth.users itself, and it would not see a row there.`,
    '',
    'What is left to do, once:',
    `  1. Give it a password; without one nobody can log in as it. In psql:  \\password ${ROLE}`,
    `  2. Put the role into DATABASE_URL; through the pooler its name is ${ROLE}.<project>.`,
    `  3. Write "source": "${VIEW}" to userdrift.config.json.`,
    '  4. Run userdrift doctor with it, and grant what it misses. Triggers of the table run with the rights of this role',
    '     now, and expressions that use types or functions of other schemas need usage of those.',
    '',
    ...(history
      ? []
      : [
          'No history is installed here. For runs of this role to be remembered: apply userdrift sql history, then print and apply this again.',
          '',
        ]),
    `After a change of the configuration apply it again, for the view and the grants follow the mapping. Should an upgrade of Supabase Auth stop at the view: drop view ${VIEW}; then upgrade, and apply this again.`,
    '',
    'Applied again without a change, it changes nothing. To take it away: userdrift sql uninstall',
  ];
  return script({ what: 'role', mapping, about }, origin, [
    inTransaction(SCHEMA, view(mapping), role(), grants(mapping, around)),
    ...(around.rowSecurity ? [inTransaction(policy(mapping))] : []),
  ]);
}

/** Columns of auth.users that the job reads, in their order there. */
function columnsOfView(mapping: Mapping): string[] {
  const { where } = mapping.skip;
  const expressions = [...mapping.columns, ...mapping.refresh].map(({ expression }) => expression);
  const { columns } = columnsNamed([...expressions, ...(where === null ? [] : [where])], AUTH_USERS_COLUMNS);
  const read = new Set(['id', 'created_at', 'raw_app_meta_data', ...skipColumns(mapping), ...columns]);
  return AUTH_USERS_COLUMNS.filter((column) => read.has(column));
}

/** With the rights of its owner, on purpose. Made anew, because a view that is replaced can only grow. */
function view(mapping: Mapping): string {
  return `drop view if exists ${VIEW};
create view ${VIEW} as
select ${columnsOfView(mapping).map(ident).join(', ')}
from ${qualified(AUTH_USERS)};
revoke all on table ${VIEW} from public, anon, authenticated, service_role;`;
}

/** Timeouts of a role outlive every pooler. The job sets its own where it needs longer. */
function role(): string {
  const body = `begin
  if not exists (select from pg_catalog.pg_roles where rolname = ${literal(ROLE)}) then
    create role ${ROLE};
  end if;
end`;
  return `do ${dollarQuoted(body)};
alter role ${ROLE} login noinherit connection limit 10;
alter role ${ROLE} set statement_timeout = '60s';
alter role ${ROLE} set lock_timeout = '5s';
alter role ${ROLE} set idle_in_transaction_session_timeout = '60s';`;
}

function grants(mapping: Mapping, { sequences, repair, history }: Surroundings): string {
  const schemas = new Set(['userdrift', mapping.target.schema, ...(mapping.repair ? [mapping.repair.schema] : [])]);
  if (history) schemas.add('public');
  return [
    `grant usage on schema ${[...schemas].map(ident).join(', ')} to ${ROLE};`,
    `grant select on table ${VIEW} to ${ROLE};`,
    `revoke all on table ${qualified(mapping.target)} from ${ROLE};`,
    `grant ${privileges(mapping)} on table ${qualified(mapping.target)} to ${ROLE};`,
    ...(sequences.length > 0 && !mapping.repair ? [`grant usage on sequence ${sequences.join(', ')} to ${ROLE};`] : []),
    ...(repair ? [`grant execute on function ${repair} to ${ROLE};`] : []),
    ...(history
      ? [
          `grant execute on function public.userdrift_record_run(jsonb), public.userdrift_history(integer, text) to ${ROLE};`,
        ]
      : []),
  ].join('\n');
}

/** Column by column: it may not even read what the app knows of its users. */
function privileges({ key, columns, refresh, repair }: Mapping): string {
  const list = (names: readonly string[]) => `(${[...new Set(names)].map(ident).join(', ')})`;
  const kept = refresh.map(({ name }) => name);
  return [
    `select ${list([key, ...kept])}`,
    ...(repair ? [] : [`insert ${list([key, ...columns.map(({ name }) => name)])}`]),
    ...(kept.length > 0 ? [`update ${list(kept)}`] : []),
  ].join(', ');
}

/**
 * On Supabase, making a policy locks the tables of schema auth until the transaction ends, whichever table it is for: so
 * it stands in one of its own, and only where there is none.
 */
function policy({ target }: Mapping): string {
  const body = `begin
  if not exists (
    select from pg_catalog.pg_policy
    where polrelid = ${literal(qualified(target))}::pg_catalog.regclass and polname = ${literal(ROLE)}
  ) then
    create policy ${ROLE} on ${qualified(target)} to ${ROLE} using (true) with check (true);
  end if;
end`;
  return `do ${dollarQuoted(body)};`;
}
