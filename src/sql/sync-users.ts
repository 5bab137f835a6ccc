import { ACTIONS, PASSING, PLANNED } from '../attempts/action.ts';
import type { Mapping } from './mapping.ts';
import { literal } from './name.ts';
import type { Routine } from './routine.ts';
import { INSERT, insertNow, KEY_REWRITTEN, SYNC_SETTINGS } from './sync-user.ts';
import { standingSql } from './write.ts';

/** More failures than this, and more than one id in eight, make singles cheaper than halves. */
const MANY = 5;

/**
 * Inserts users, all of them in one statement as long as no row is to blame; then halves, and at last one by one. Whoever
 * got an error is read back: a user who was deleted meanwhile has vanished, one whom somebody else inserted is there. Errors
 * that are about no row are raised, and so is a timeout, which no handler catches.
 */
export function syncUsers(mapping: Mapping, hash: string): Routine {
  return {
    name: 'sync_users_from_auth',
    parameters: 'user_ids uuid[]',
    types: 'uuid[]',
    kind: 'language plpgsql volatile',
    settings: SYNC_SETTINGS,
    comment: `userdrift: inserts users of auth.users (mapping ${hash})`,
    body: `#variable_conflict use_column
<<userdrift>>
declare
  -- What follows from an error, by SQLSTATE or by its class; any other is about a row.
  actions constant pg_catalog.jsonb := ${literal(JSON.stringify(ACTIONS))};
  ids pg_catalog.uuid[] := array(
    select distinct given.id from unnest(sync_users_from_auth.user_ids) as given(id) where given.id is not null order by given.id);
  -- Groups of ids that are still to be written, as places in the array; the last one is next.
  starts int[] := '{}';
  ends int[] := '{}';
  low int;
  high int;
  back pg_catalog.text[];
  inserted pg_catalog.text[] := '{}';
  faults pg_catalog.jsonb := '{}';
  settled int := 0;
  failed int := 0;
  code pg_catalog.text;
  named pg_catalog.text;
  col pg_catalog.text;
  tab pg_catalog.text;
  sch pg_catalog.text;
  context pg_catalog.text;
  raised boolean;
begin
  if cardinality(ids) > 0 then
    starts := array[1];
    ends := array[cardinality(ids)];
  end if;
  for round in 1..2 loop
    while cardinality(starts) > 0 loop
      low := starts[cardinality(starts)];
      high := ends[cardinality(ends)];
      starts := trim_array(starts, 1);
      ends := trim_array(ends, 1);
      if low < high and failed >= ${MANY} and failed * 8 > settled then
        starts := starts || (low + 1);
        ends := ends || high;
        high := low;
      end if;
      back := '{}';
      begin
        ${insertNow(mapping, 'userdrift.ids[userdrift.low:userdrift.high]')}
        settled := settled + high - low + 1;
      exception when others then
        back := '{}';
        get stacked diagnostics code = returned_sqlstate, named = constraint_name, col = column_name,
          tab = table_name, sch = schema_name, context = pg_exception_context;
        raised := ${RAISED};
        if not (${OF_A_ROW}) then
          raise;
        elsif low < high then
          starts := starts || ((low + high) / 2 + 1) || low;
          ends := ends || high || ((low + high) / 2);
        else
          settled := settled + 1;
          failed := failed + 1;
          faults := faults || jsonb_build_object(ids[low], jsonb_build_object('code', code, 'constraint', ${CONSTRAINT}, 'column', ${COLUMN}));
        end if;
      end;
      if not back <@ ids[low:high]::text[] then
        raise exception 'a trigger on the target changed the key of a row' using errcode = '${KEY_REWRITTEN}';
      end if;
      inserted := inserted || back;
    end loop;
    exit when cardinality(inserted) = cardinality(ids);
    -- Who got neither a row nor an error is sent once more, alone.
    select coalesce(array_agg(place order by place desc), '{}') into starts from (
      select array_position(ids, s.id::uuid) as place
      from (${standingSql(mapping, 'userdrift.ids')}) s
      where round = 1 and s.known and s.why is null and not s.present and s.id <> all (inserted) and not faults ? s.id
    ) lost;
    ends := starts;
  end loop;
  return jsonb_build_object('mapping', ${literal(hash)}, 'outcomes', (
    select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'kind', case
        when s.id = any (inserted) then 'inserted'
        when s.present then 'alreadyPresent'
        when not s.known then 'vanished'
        when s.why is not null then 'excluded'
        when faults ? s.id then 'failed'
        else 'suppressed'
      end) || case
        when s.id = any (inserted) or s.present or not s.known or s.why is not null then '{}'
        else coalesce(faults -> s.id, '{}')
      end order by s.id), '[]')
    from (${standingSql(mapping, 'userdrift.ids')}) s
  ));
end;`,
  };
}

/** Was the error raised by a trigger on purpose? The names of statements in a context are not translated. */
const RAISED = `split_part(context, e'\\n', 1) ~ 'RAISE$|^PL/(Perl|Python|Tcl|v8)'`;

/**
 * Is a row to blame? A trigger may raise any code, "the disk is full" too, and a statement inside a trigger may fail as
 * none of ours can. Where our own insert fails while it is planned, there is no statement in the context, and this
 * function stands first.
 */
const OF_A_ROW = `case
          when raised and code <> all (array[${PASSING.map(literal).join(', ')}]) then true
          when context !~ '^[^\\n]*(${INSERT.replace('(', '\\(')}|set constraints| public[.]sync_users_from_auth[(]uuid)' and code ~ '${PLANNED}' then true
          when code = 'XX000' then true
          else coalesce(actions ->> code, actions ->> left(code, 2), 'row') in ('row', 'halve')
        end`;

/** A trigger can put any text, a mail too, in place of a name: a name is what the catalog has under it. */
const CONSTRAINT = `(
            select named where not raised and (
              exists (select from pg_catalog.pg_constraint c join pg_catalog.pg_namespace n on n.oid = c.connamespace
                where c.conname = named and n.nspname !~ '^pg_temp')
              or exists (select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                where c.relname = named and c.relkind in ('i', 'I') and n.nspname !~ '^pg_temp')))`;

const COLUMN = `(
            select col where not raised and exists (
              select from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
              join pg_catalog.pg_namespace n on n.oid = c.relnamespace
              where n.nspname = sch and c.relname = tab and a.attname = col and n.nspname !~ '^pg_temp'))`;
