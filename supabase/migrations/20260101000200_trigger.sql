-- userdrift sql trigger: userdrift 0.1.0, mapping 04fa7c8c2ed83de5
--
-- Copies whoever signs up in auth.users to public.users, in the transaction of the sign-up, and whoever becomes
-- expected later: an anonymous user turns into a permanent one by an UPDATE. A row that is there already is left as it
-- is.
--
-- No sign-up fails by it. A row that the table refuses, a table that is gone, a lock that is not free within a second
-- and a statement timeout are a warning in the log of the database, with the id of the user and the SQLSTATE; userdrift
-- sync copies that user later.
--
-- Applied again, it changes nothing. To take it away: userdrift sql uninstall

begin;

set local lock_timeout = '2s';

create schema if not exists userdrift;
revoke all on schema userdrift from public, anon, authenticated, service_role;

create or replace function userdrift.copy_user() returns trigger
language plpgsql
security definer
set search_path = ''
set lock_timeout = '1s'
as $userdrift$
#variable_conflict use_column
-- userdrift 0.1.0, mapping 04fa7c8c2ed83de5
declare
  waiting pg_catalog.text;
begin
  begin
insert into "public"."users" ("id", "email", "full_name", "created_at")
select u.id,
(
u.email
),
(
coalesce(u.raw_user_meta_data ->> 'full_name', u.raw_user_meta_data ->> 'name', split_part(u.email, '@', 1))
),
(
coalesce(u.created_at, now())
)
from (select new.*) u
where u.deleted_at is null and u.is_anonymous is not true
on conflict ("id") do nothing;

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
end
$userdrift$;
revoke all on function userdrift.copy_user() from public, anon, authenticated, service_role;

create or replace trigger zz_userdrift_copy
after insert or update of "deleted_at", "is_anonymous" on "auth"."users"
for each row execute function userdrift.copy_user();

commit;
