/** How a name may be spelled in a function: plain ones with or without quotes. A regular expression, made by SQL. */
function spelling(name: string): string {
  const escaped = (text: string) => String.raw`regexp_replace(${text}, '([^[:alnum:]_])', '\\\1', 'g')`;
  return `case when ${name} ~ '^[a-z_][a-z0-9_$]*$' then '"?' || ${escaped(name)} || '"?'
    else '"' || ${escaped(`replace(${name}, '"', '""')`)} || '"' end`;
}

const BEGIN = String.raw`(?<![\w$."])`;
const END = String.raw`(?![\w$"])`;
const QUOTED = '"(?:[^"]|"")*"';
const TEXT = `''(?:[^'']|'''')*''`;
const COMMENT = String.raw`--[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/`;
const IDENTIFIER = String.raw`"(?:[^"]|"")+"|[[:alpha:]_][\w$]*`;
/** An Authorization header, an API key, a JSON Web Token. */
export const KEY = String.raw`authorization|api[-_ ]?key|\mbearer\M|sb_secret_|\meyJ[\w-]{10,}\.eyJ`;
/** Whoever asks whether a thing exists, makes it, or handles the error may name what is not there. */
const GUARD = String.raw`\mto_reg|\mpg_(class|proc|tables|namespace|extension|available_extensions)\M|information_schema|\mcreate\M|\mexception\s+when\M`;
const LEVELS = String.raw`\mraise\s+(debug|log|info|notice|warning)\M`;
/** A handler of everything, after the copy and in no block of its own. */
const SWALLOWED = String.raw`.*\mexception\s+(?=when\M).*\mwhen\M[^;]*\mothers\M[^;]*\mthen\M`;
/** Functions that nothing runs are looked at up to this number: a diagnosis names three. */
const STRAYS = 30;
/** Calls are followed that deep; what lies below is unknown. */
const DEPTH = 5;

/** The identifier that a match of IDENTIFIER stands for. */
function folded(match: string): string {
  return `(case when ${match} like '"%' then replace(substr(${match}, 2, length(${match}) - 2), '""', '"') else lower(${match}) end)::name`;
}

/** SQL: may role `role` (an oid; null: anybody) insert into the target, as far as privileges and policies tell? */
function mayInsert(role: string): string {
  return `(${role} is null or has_schema_privilege(${role}, target.relnamespace, 'usage')
    and has_any_column_privilege(${role}, target.oid, 'insert')
    and (not target.relrowsecurity
      or exists (select from pg_roles w where w.oid = ${role} and (w.rolsuper or w.rolbypassrls))
      or pg_has_role(${role}, target.relowner, 'usage') and not target.relforcerowsecurity
      or exists (select from pg_policy p, unnest(p.polroles) member(oid) where p.polrelid = target.oid and p.polpermissive
        and p.polcmd in ('*', 'a') and (member.oid = 0 or pg_has_role(${role}, member.oid, 'usage')))))`;
}

/** SQL: a schema of the app or of an extension, not of the server. */
const OURS = `n.nspname !~ '^(pg_|information_schema$)'`;

/**
 * Common table expressions after `source`: `heard` has one row for each trigger function (`root`) in SQL or PL/pgSQL that
 * the source runs or that nothing runs, with what it and the functions that it calls do with the target ($3, $4).
 */
export const BODIES = `
target as (
  select c.oid, c.relnamespace, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
    ${spelling('t.schema')} || '\\s*\\.\\s*' as prefix, ${spelling('t.name')} || '${END}' as name
  from (select $3::text, $4::text) t(schema, name)
  left join (pg_class c join pg_namespace n on n.oid = c.relnamespace) on n.nspname = t.schema and c.relname = t.name
),
raw as materialized (
  select f.oid, n.nspname, f.proname, f.prorettype = 'trigger'::regtype as of_trigger, b.text, b.text ~* target.name as names
  from pg_proc f
  join pg_namespace n on n.oid = f.pronamespace
  join pg_language l on l.oid = f.prolang
  cross join target
  cross join lateral (
    select left(case when f.prosqlbody is null then f.prosrc else pg_get_function_sqlbody(f.oid) end, 100000)
  ) b(text)
  where l.lanname in ('sql', 'plpgsql') and ${OURS}
),
root as materialized (
  select oid from raw where of_trigger and oid in (select g.tgfoid from pg_trigger g join source on g.tgrelid = source.oid)
  union all
  (select oid from raw where of_trigger and not exists (select from pg_trigger g where g.tgfoid = raw.oid)
    and (names or exists (select from raw g where g.names and not g.of_trigger and strpos(lower(raw.text), lower(g.proname)) > 0))
  order by nspname, proname limit ${STRAYS})
),
-- the roots, and all that they may call
known(oid) as (
  select oid from root
  union
  select g.oid from known join raw on raw.oid = known.oid
  cross join regexp_matches(raw.text, '(${IDENTIFIER})\\s*\\(', 'g') m
  join raw g on g.proname = ${folded('m[1]')} and not g.of_trigger
),
-- said: without comments; code: without text in quotes as well
body as materialized (
  select f.oid, f.proowner as owner, f.prosecdef as definer, l.lanname,
    (select array(select coalesce(replace(m[1], '""', '"'), m[2])
      from regexp_matches(substr(c, 13), '"((?:[^"]|"")*)"|([^\\s,"]+)', 'g') m)
      from unnest(f.proconfig) c where c like 'search\\_path=%') as path,
    regexp_replace(raw.text, '(${QUOTED}|${TEXT})|${COMMENT}', '\\1', 'g') as said,
    regexp_replace(raw.text, '(${QUOTED})|${TEXT}|${COMMENT}', '\\1', 'g') as code
  from known join raw using (oid) join pg_proc f using (oid) join pg_language l on l.oid = f.prolang
),
call as materialized (
  select b.oid, g.oid as callee, m[2] is null as bare, g.proname, n.nspname, l.lanname
  from body b
  cross join regexp_matches(b.code, '(?:\\m(as|into|with)\\s+)?${BEGIN}(?:(${IDENTIFIER})\\s*\\.\\s*)?(${IDENTIFIER})\\s*\\(', 'gi') m
  join pg_proc g on g.proname = ${folded('m[3]')} and g.prorettype <> 'trigger'::regtype
  join pg_namespace n on n.oid = g.pronamespace and (m[2] is null or n.nspname = ${folded('m[2]')})
  join pg_language l on l.oid = g.prolang
  where m[1] is null and ${OURS}
),
-- runs_as and path: the role and the search_path in force there; governor: the function that says which path that is
reach(root, oid, depth, runs_as, path, governor) as (
  select b.oid, b.oid, 0, case when b.definer then b.owner else a.oid end, coalesce(b.path, '{auth}'), b.oid
  from root join body b using (oid) left join pg_roles a on a.rolname = 'supabase_auth_admin'
  union
  select r.root, b.oid, r.depth + 1, case when b.definer then b.owner else r.runs_as end, coalesce(b.path, r.path),
    case when b.path is null then r.governor else b.oid end
  from reach r join call c on c.oid = r.oid join body b on b.oid = c.callee
  where r.depth < ${DEPTH} and c.callee <> r.oid
),
-- What each function does by itself. Text in quotes may be SQL, but only where it reads like it.
judged as materialized (
  select body.*,
    code ~* ('${BEGIN}' || prefix || name) or said ~* ('\\m(?:into|update|from|join|only)\\s+' || prefix || name) as names,
    said ~* ('\\m(?:into|update|from|join|only)\\s+' || name || '(?!\\s*\\.)') as names_bare,
    code ~* ('\\minto\\s+' || prefix || name) as inserts,
    code ~* ('\\minto\\s+' || name || '(?!\\s*\\.)') as inserts_bare,
    code ~* ('\\m(?:into|update)\\s+' || name || '(?!\\s*\\.)') as bare,
    said ~* '(net\\.http_|http_request)' as outward,
    said ~* '${KEY}' as secret,
    said ~* '${GUARD}' as guarded,
    said ~* 'search_path' as sets_path,
    code ~* '\\mexecute\\M' or exists (
      select from call where call.oid = body.oid and (lanname not in ('sql', 'plpgsql', 'c', 'internal') or proname like 'dblink%')
    ) as opaque,
    -- From the copy on, without a new block, there is a handler of everything; and after a handler nothing is raised.
    code ~* '\\mothers\\M' and exists (
      select from regexp_split_to_table(code, '\\mbegin\\M', 'i') part
      where part ~* ('(?:\\minto\\s+(?:' || prefix || ')?' || name || coalesce((
          select string_agg(distinct '|' || ${spelling('c.proname')} || '\\s*\\(', '')
          from call c join body g on g.oid = c.callee and g.code ~* ('\\minto\\s+(?:' || prefix || ')?' || name)
          where c.oid = body.oid), '') || ')${SWALLOWED}'))
      and regexp_replace(substring(code from '(?i)\\mexception\\s+when\\M.*'), '${LEVELS}', '', 'gi') !~* '\\mraise\\M' as swallows
  from body cross join target
),
-- Where the bare name of the target leads to: there; to something else; or nowhere, of which the source is a part.
step as materialized (
  select r.root, r.depth, r.runs_as, r.path as in_force, r.governor, j.*, coalesce(case
      when j.sets_path or led.oid = target.oid then 'there' when led.oid <> source.oid then 'elsewhere' end, 'nowhere') as led
  from reach r join judged j using (oid) cross join target cross join source
  left join lateral (
    select c.oid from unnest(r.path) with ordinality p(name, place)
    join pg_namespace n on n.nspname = p.name join pg_class c on c.relnamespace = n.oid and c.relname = $4
    order by place limit 1) led on true
),
-- What is named without a schema and not found on the path, and a schema that has it
lost as (
  select root, governor, in_force, $4 as word, $3 as home from step where bare and led = 'nowhere'
  union
  select s.root, s.governor, s.in_force, w.name, w.home
  from step s
  cross join lateral (
    select c.proname as name, (array_agg(c.nspname order by c.nspname <> $3, c.nspname))[1] as home
    from call c where c.oid = s.oid and c.bare
      and not exists (select from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = c.proname)
    group by c.proname having not array_agg(c.nspname) && s.in_force::name[]
    union
    select c.relname, (array_agg(n.nspname order by n.nspname <> $3, n.nspname))[1]
    from regexp_matches(s.code, '\\minsert\\s+into\\s+(${IDENTIFIER})${END}(?!\\s*\\.)', 'gi') m
    join pg_class c on c.relname = ${folded('m[1]')} and c.relkind in ('r', 'p', 'v')
    join pg_namespace n on n.oid = c.relnamespace and ${OURS}
    where c.relname <> $4
    group by c.relname having not array_agg(n.nspname) && s.in_force::name[]) w
  where not s.sets_path and not s.guarded
),
repath as (
  select root, (
      select format('alter function %s set search_path = %s, pg_temp;', governor::regprocedure, string_agg(quote_ident(p.name), ', ' order by p.place))
      from (select name, min(place) as place from (
          select home as name, case when home = $3 then -1 else 0 end as place from unnest(array_agg(lost.home)) home
          union all select name, place from unnest(in_force) with ordinality o(name, place)) q
        where name not in ('', 'pg_temp') group by name) p
    ) as cure, array_agg(word) as words
  from lost group by root, governor, in_force
),
-- Names with a schema in front: whatever is called, and what follows a verb. Whether a is an alias or a schema that is
-- gone, only insert, merge, update and a call tell.
named as (
  select oid, ${folded('m[1]')} as schema, ${folded('m[2]')} as name, true as certain
  from judged, regexp_matches(code, '${BEGIN}(${IDENTIFIER})\\s*\\.\\s*(${IDENTIFIER})\\s*\\(', 'gi') m
  where lanname = 'plpgsql'
  union
  select oid, ${folded('m[2]')}, ${folded('m[3]')}, m[1] ~* '^(insert|merge|update)'
  from judged, regexp_matches(code,
    '\\m(insert\\s+into|merge\\s+into|update|perform|from|join)\\s+(?:only\\s+)?(${IDENTIFIER})\\s*\\.\\s*(${IDENTIFIER})', 'gi') m
  where lanname = 'plpgsql'
),
missing as (
  select r.root, jsonb_agg(distinct format('%I.%I', d.schema, d.name)) as names
  from (select distinct root, oid from reach) r join named d using (oid) left join pg_namespace n on n.nspname = d.schema
  where d.schema <> 'pg_temp' and (d.certain or n.oid is not null)
    and not exists (select from pg_class c where c.relnamespace = n.oid and c.relname = d.name)
    and not exists (select from pg_proc f where f.pronamespace = n.oid and f.proname = d.name)
    and not exists (select from pg_type t where t.typnamespace = n.oid and t.typname = d.name)
  group by r.root
),
-- Columns that an insert lists and the target does not have
lacking as (
  select s.root, jsonb_agg(distinct quote_ident(${folded('word')})) as names
  from step s cross join target
  cross join regexp_matches(s.code, '\\minsert\\s+into\\s+((?:' || prefix || ')?)' || name || '\\s*\\(([^()]*)\\)', 'gi') m
  cross join regexp_split_to_table(trim(m[2], E' \\n\\r\\t'), '\\s*,\\s*') word
  where (m[1] <> '' or s.led = 'there' and not s.sets_path)
    and m[2] ~* '^\\s*(?:${IDENTIFIER})(?:\\s*,\\s*(?:${IDENTIFIER}))*\\s*$'
    and not exists (select from pg_attribute a
      where a.attrelid = target.oid and a.attname = ${folded('word')} and a.attnum > 0 and not a.attisdropped)
  group by s.root
),
heard as (
  select h.*,
    h.invoker and h.plain_invoker and ${mayInsert('f.proowner')} as curable,
    case when h.guarded then '[]' else coalesce((select names from missing where missing.root = h.root), '[]') end as missing,
    coalesce((select names from lacking where lacking.root = h.root), '[]') as lacking,
    (select jsonb_agg(distinct quote_ident(word)) from repath, unnest(words) word where repath.root = h.root) as lost,
    (select string_agg(cure, ' ' order by cure) from repath where repath.root = h.root) as repath
  from (
    select root, bool_or(names or names_bare and led <> 'elsewhere') as mentions, bool_or(own) as inserts,
      bool_or(outward) as outward, bool_or(secret) as secret, bool_or(guarded) as guarded,
      bool_or(opaque or depth = ${DEPTH}) as opaque, bool_or(swallows and led <> 'elsewhere') as swallows,
      coalesce(bool_or(own and not may), false) as invoker,
      coalesce(bool_and(runs_as = a.oid) filter (where own and not may), false) as plain_invoker
    from step left join pg_roles a on a.rolname = 'supabase_auth_admin' cross join target
    cross join lateral (select inserts or inserts_bare and led <> 'elsewhere', ${mayInsert('runs_as')}) is_(own, may)
    group by root
  ) h
  join pg_proc f on f.oid = h.root cross join target
)`;

/** SQL: do `new.x` of function `f` (an oid) name columns of the source, and is it written for any trigger of it? */
export function fitsSource(f: string): string {
  return `not exists (select from body b where b.oid = ${f} and b.said ~* '\\mtg_argv\\M|\\mnew\\s*\\.\\s*\\*')
    and not exists (select from body b cross join regexp_matches(b.code, '${BEGIN}new\\s*\\.\\s*(${IDENTIFIER})', 'gi') m
      where b.oid = ${f} and not exists (select from pg_attribute a
        where a.attrelid = source.oid and a.attname = ${folded('m[1]')} and a.attnum > 0 and not a.attisdropped))`;
}
