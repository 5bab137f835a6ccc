-- The application's own table. A project that has public.users already keeps it as it is: then write its columns into
-- userdrift.config.json, and make the other migrations again.
do $$
begin
  if to_regclass('public.users') is null then
    create table public.users (
      id uuid primary key references auth.users (id) on delete cascade,
      email text,
      full_name text,
      created_at timestamptz not null default now()
    );
    alter table public.users enable row level security;
    revoke all on table public.users from anon, authenticated;
    grant select on table public.users to authenticated;
    grant select, insert, update, delete on table public.users to service_role;
    create policy "Users read their own row" on public.users for select to authenticated
      using ((select auth.uid()) = id);
  end if;
end
$$;
