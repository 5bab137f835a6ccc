import { AUTH_USERS, eventsFor } from './auth-users.ts';
import { dollarQuoted } from './dollar-quote.ts';
import { eligible, type Mapping, withoutRow } from './mapping.ts';
import { display, qualified } from './name.ts';
import { inTransaction, madeBy, type Origin, SCHEMA, script } from './script.ts';
import { insertFrom, refreshFrom } from './write.ts';

/** Triggers fire by name: one of the app that inserts the same row comes first, and ours finds it there. */
export const COPY_TRIGGER = 'zz_userdrift_copy';
export const COPY_FUNCTION = 'userdrift.copy_user';

/** `userdrift sql trigger`: the row of a new user, in the transaction of the sign-up, which never fails by it. */
export function triggerSql(mapping: Mapping, origin: Origin): string {
  const target = display(mapping.target);
  const kept = mapping.refresh.length > 0 ? ' but for the columns in "refresh", which are kept equal' : '';
  const about = [
    `Copies whoever signs up in auth.users to ${target}, in the transaction of the sign-up, and whoever becomes expected later: an anonymous user turns into a permanent one by an UPDATE. A row that is there already is left as it is${kept}.`,
    '',
    'No sign-up fails by it. A row that the table refuses, a table that is gone, a lock that is not free within a second and a statement timeout are a warning in the log of the database, with the id of the user and the SQLSTATE; userdrift sync copies that user later.',
    '',
    'Applied again, it changes nothing. To take it away: userdrift sql uninstall',
  ];
  return script({ what: 'trigger', mapping, about }, origin, [
    inTransaction(SCHEMA, copyFunction(mapping, origin), copyTrigger(mapping)),
  ]);
}

function copyFunction(mapping: Mapping, { version }: Origin): string {
  const body = `
#variable_conflict use_column
-- ${madeBy(version, mapping)}
declare
  waiting pg_catalog.text;
begin
  begin
${copyStatements(mapping)
  .map((statement) => `${statement};\n`)
  .join('')}
    -- A deferred constraint would fail at the commit of the sign-up, where nobody can catch it.
    set constraints all immediate;
    -- What else the transaction does may count on those that wait for its commit.
    select string_agg(format('%I.%I', n.nspname, c.conname), ', ') into waiting
    from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
    where c.condeferred and n.nspname !~ '^pg_temp' and has_schema_privilege(n.oid, 'usage') and not exists (
      select from pg_catalog.pg_constraint o
      where o.connamespace = c.connamespace and o.conname = c.conname and not o.condeferrable);
    if waiting is not null then
      execute 'set constraints ' || waiting || ' deferred';
    end if;
  exception
    -- "others" leaves out a statement timeout and a failed assertion.
    when query_canceled or assert_failure or others then
      raise warning 'userdrift: user % was not copied (%)', new.id, sqlstate;
  end;
  return null;
end`.trimStart();
  return `create or replace function ${COPY_FUNCTION}() returns trigger
language plpgsql
security definer
set search_path = ''
set lock_timeout = '1s'
as ${dollarQuoted(body)};
revoke all on function ${COPY_FUNCTION}() from public, anon, authenticated, service_role;`;
}

/** The new row stands for the source row `u`, so that the expressions of the job serve here too. */
const NEW_ROW = '(select new.*) u';

function copyStatements(mapping: Mapping): string[] {
  const { repair, refresh } = mapping;
  const who = `from ${NEW_ROW}\nwhere ${eligible(mapping)}`;
  const write = repair
    ? `perform ${qualified(repair)}(u.id)\n${who}\n  and ${withoutRow(mapping)}`
    : insertFrom(mapping, who);
  return [write, ...(refresh.length > 0 ? [refreshFrom(mapping, NEW_ROW)] : [])];
}

/** Last in its transaction: it keeps sign-ups waiting until the end. */
function copyTrigger(mapping: Mapping): string {
  const kept = mapping.refresh.map(({ expression }) => expression);
  return `create or replace trigger ${COPY_TRIGGER}
after ${eventsFor(mapping, kept)} on ${qualified(AUTH_USERS)}
for each row execute function ${COPY_FUNCTION}();`;
}
