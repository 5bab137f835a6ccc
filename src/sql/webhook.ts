import { AUTH_USERS, eventsFor } from './auth-users.ts';
import { dollarQuoted } from './dollar-quote.ts';
import { eligible, type Mapping } from './mapping.ts';
import { qualified } from './name.ts';
import { comment, inTransaction, madeBy, type Origin, SCHEMA, script } from './script.ts';

const POST_TRIGGER = 'zz_userdrift_post';
export const POST_FUNCTION = 'userdrift.post_user';
const SECRET_FUNCTION = 'userdrift.secret';

/** An Edge Function that has been asleep takes seconds to start. */
const TIMEOUT_MS = 10_000;

/** `userdrift sql webhook`: a signed message for each new user, with the id and nothing else. Needs who is expected only. */
export function webhookSql(mapping: Pick<Mapping, 'skip'>, origin: Origin): string {
  const about = [
    'Posts {type, user_id, occurred_at} with pg_net to a URL of yours, such as the Edge Function sync-user, for whoever signs up in auth.users, and for whoever becomes expected later: an anonymous user turns into a permanent one by an UPDATE. The message is signed as Standard Webhooks has it. Nothing in it is a secret, for every role that may log in can read the queue of pg_net.',
    '',
    'No sign-up fails by it: what goes wrong is a warning in the log of the database. pg_net sends each message once, and never again after a failure, a restart or a pause, so keep userdrift sync on a schedule. Together with userdrift sql trigger there are two writers, which does no harm and no good.',
    '',
    'Applied again, it changes nothing. To take it away: userdrift sql uninstall',
  ];
  return script({ what: 'webhook', mapping: null, about }, origin, [
    inTransaction(SCHEMA, SECRETS, postFunction(mapping, origin), postTrigger(mapping)),
    STEPS,
  ]);
}

const SECRETS = `-- Only for a database without Vault: it is stored as it is, and is part of every dump.
create table if not exists userdrift.secrets (name text primary key, value text not null);
alter table userdrift.secrets enable row level security;
revoke all on table userdrift.secrets from public, anon, authenticated, service_role;

create or replace function ${SECRET_FUNCTION}(of_name text) returns text
language plpgsql
stable
set search_path = ''
as ${dollarQuoted(
  `
declare
  stored pg_catalog.text;
begin
  if to_regclass('vault.decrypted_secrets') is not null then
    select s.decrypted_secret into stored from vault.decrypted_secrets s where s.name = of_name;
  end if;
  return coalesce(stored, (select s.value from userdrift.secrets s where s.name = of_name));
end`.trimStart(),
)};
revoke all on function ${SECRET_FUNCTION}(text) from public, anon, authenticated, service_role;`;

function postFunction(mapping: Pick<Mapping, 'skip'>, { version }: Origin): string {
  const body = `
#variable_conflict use_column
-- ${madeBy(version, null)}
begin
  declare
    endpoint pg_catalog.text;
    secret pg_catalog.text;
    message_id pg_catalog.text := 'msg_' || replace(gen_random_uuid()::pg_catalog.text, '-', '');
    sent_at pg_catalog.text := floor(extract(epoch from clock_timestamp()))::bigint;
    message pg_catalog.jsonb := jsonb_build_object(
      'type', 'user.created',
      'user_id', new.id,
      'occurred_at', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
  begin
    perform from (select new.*) u where ${eligible(mapping)};
    if not found then
      return null;
    end if;
    endpoint := ${SECRET_FUNCTION}('userdrift_webhook_url');
    secret := nullif(regexp_replace(${SECRET_FUNCTION}('userdrift_webhook_secret'), '^(v1,)?(whsec_)?', ''), '');
    if endpoint is null or secret is null then
      raise warning 'userdrift: user % was not posted: the URL or the secret is not stored', new.id;
    elsif to_regprocedure('net.http_post(text, jsonb, jsonb, jsonb, integer)') is null then
      raise warning 'userdrift: user % was not posted: pg_net is not installed', new.id;
    else
      perform net.http_post(
        url => endpoint,
        body => message,
        headers => jsonb_build_object(
          'Content-Type', 'application/json',
          'webhook-id', message_id,
          'webhook-timestamp', sent_at,
          -- pg_net sends the text of the body as it is signed here.
          'webhook-signature', 'v1,' || encode(extensions.hmac(
            convert_to(message_id || '.' || sent_at || '.' || message::pg_catalog.text, 'UTF8'),
            decode(secret, 'base64'), 'sha256'), 'base64')),
        timeout_milliseconds => ${TIMEOUT_MS});
    end if;
  end;
  return null;
exception
  -- "others" leaves out a statement timeout and a failed assertion.
  when query_canceled or assert_failure or others then
    raise warning 'userdrift: user % was not posted (%)', new.id, sqlstate;
    return null;
end`.trimStart();
  return `create or replace function ${POST_FUNCTION}() returns trigger
language plpgsql
security definer
set search_path = ''
set lock_timeout = '1s'
as ${dollarQuoted(body)};
revoke all on function ${POST_FUNCTION}() from public, anon, authenticated, service_role;`;
}

/** Last in its transaction: it keeps sign-ups waiting until the end. */
function postTrigger(mapping: Pick<Mapping, 'skip'>): string {
  return `create or replace trigger ${POST_TRIGGER}
after ${eventsFor(mapping)} on ${qualified(AUTH_USERS)}
for each row execute function ${POST_FUNCTION}();`;
}

/** What nobody may print: the secret is the person's own. */
const STEPS = comment([
  'What is left to do, once:',
  '  1. Make a secret, and keep it out of files that are committed:',
  '       printf \'whsec_%s\\n\' "$(openssl rand -base64 32)"',
  '  2. Give it to the function:',
  "       supabase secrets set SYNC_USER_WEBHOOK_SECRET='<the secret>'",
  '  3. Store it, and where to post, in Vault; a database without Vault keeps both in userdrift.secrets (name, value):',
  "       select vault.create_secret('<the secret>', 'userdrift_webhook_secret');",
  "       select vault.create_secret('https://<project>.supabase.co/functions/v1/sync-user', 'userdrift_webhook_url');",
  'To change the secret: give the function both, separated by |, then store the new one with vault.update_secret, then give the function the new one alone.',
]);
