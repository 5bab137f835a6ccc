-- userdrift sql history: userdrift 0.1.0
--
-- A table of past runs, a function that records a run, and one that reads the last of them. Where they are, every
-- check, sync and backfill records itself at its end, and userdrift history shows what was recorded. A check stays
-- read-only for the tables that it compares: its entry here is all that it writes. A run whose role may not call the
-- function leaves none, and that is no error.
--
-- A role of userdrift sql role that is there already: print that SQL again and apply it, for the right to call both.
--
-- The table holds counts, codes and times, and no user id. Runs of more than 90 days ago are forgotten whenever one is
-- recorded. Of the roles of the API only service_role may call the functions, and none may read the table.
--
-- Applied again, it changes nothing. To take it away: userdrift sql uninstall, which leaves the table and what is in
-- it.

begin;

set local lock_timeout = '2s';

create schema if not exists userdrift;
revoke all on schema userdrift from public, anon, authenticated, service_role;

create table if not exists userdrift.runs (
  run_id text primary key,
  started_at timestamptz not null,
  duration_ms bigint not null,
  tool_version text not null,
  command text not null,
  transport text not null,
  target text not null,
  dry_run boolean not null,
  -- false: the run was about a part of the users, as the three columns after it say
  full_scope boolean not null,
  since timestamptz,
  shard text,
  named_users integer,
  verdict text not null,
  exit_code integer not null,
  reason text,
  -- null: not measured
  source_total bigint,
  missing bigint,
  stale bigint,
  orphans bigint,
  oldest timestamptz,
  inserted bigint not null,
  refreshed bigint not null,
  failed bigint not null,
  residual bigint,
  residual_stale bigint,
  arrived bigint
);
create index if not exists runs_started_at_idx on userdrift.runs (started_at desc);
alter table userdrift.runs enable row level security;
revoke all on table userdrift.runs from public, anon, authenticated, service_role;

-- Records the report of a run, as userdrift --json prints it; the same run twice is one row.
create or replace function public.userdrift_record_run(report jsonb) returns void
language plpgsql
security definer
set search_path = ''
set lock_timeout = '5s'
as $userdrift$
begin
  insert into userdrift.runs (
    run_id, started_at, duration_ms, tool_version, command, transport, target, dry_run, full_scope, since, shard,
    named_users, verdict, exit_code, reason, source_total, missing, stale, orphans, oldest, inserted, refreshed, failed,
    residual, residual_stale, arrived
  ) values (
    report ->> 'runId', (report ->> 'startedAt')::pg_catalog.timestamptz, (report ->> 'durationMs')::bigint,
    report #>> '{tool,version}', report ->> 'command', report ->> 'transport', report ->> 'target',
    (report ->> 'dryRun')::boolean, (report #>> '{scope,full}')::boolean,
    (report #>> '{scope,since}')::pg_catalog.timestamptz, report #>> '{scope,shard}',
    -- How many, not who.
    jsonb_array_length(nullif(report #> '{scope,users}', 'null')), report ->> 'verdict',
    (report ->> 'exitCode')::integer, report #>> '{reason,code}', (report #>> '{source,total}')::bigint,
    (report #>> '{drift,missing}')::bigint, (report #>> '{drift,stale}')::bigint,
    (report #>> '{drift,orphans}')::bigint, (report #>> '{drift,oldest}')::pg_catalog.timestamptz,
    (report #>> '{repair,inserted}')::bigint, (report #>> '{repair,refreshed}')::bigint,
    (report #>> '{repair,failed}')::bigint, (report #>> '{residual,missing}')::bigint,
    (report #>> '{residual,stale}')::bigint, (report #>> '{residual,arrived}')::bigint
  )
  on conflict (run_id) do nothing;
  delete from userdrift.runs where started_at < pg_catalog.now() - interval '90 days';
end
$userdrift$;
revoke all on function public.userdrift_record_run(jsonb) from public, anon, authenticated;
grant execute on function public.userdrift_record_run(jsonb) to service_role;

-- The last runs, the newest first, as one JSON value: the Data API cuts rows off at 1000.
create or replace function public.userdrift_history(max_runs integer default 50, of_target text default null) returns jsonb
language sql
stable
security definer
set search_path = ''
as $userdrift$
  select coalesce(jsonb_agg(to_jsonb(r) order by r.started_at desc, r.run_id desc), '[]')
  from (
    select * from userdrift.runs
    where of_target is null or target = of_target
    order by started_at desc, run_id desc
    limit greatest(0, least(max_runs, 10000))
  ) r
$userdrift$;
revoke all on function public.userdrift_history(integer, text) from public, anon, authenticated;
grant execute on function public.userdrift_history(integer, text) to service_role;

notify pgrst, 'reload schema';

commit;
