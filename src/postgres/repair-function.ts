import type { ClientBase } from 'pg';
import type { RepairFunction } from '../facts.ts';
import { reachesOut } from '../sql/catalog.ts';
import { display, type Name } from '../sql/name.ts';

/** What there is under the name of the repair function. PostgreSQL chooses among several; the proof shows how. */
export async function describeFunctions(client: ClientBase, name: Name): Promise<RepairFunction> {
  const { rows } = await client.query<{ overloads: RepairFunction['overloads'] }>(DESCRIBE, [name.schema, name.name]);
  return { name: display(name), overloads: rows[0]?.overloads ?? [] };
}

/** A domain over uuid and a type such as anyelement take a uuid as well. */
const TAKES_UUID = `f.prokind = 'f' and f.pronargs > 0 and f.pronargs - f.pronargdefaults <= 1
  and (f.provariadic <> 0 or exists (
    select from pg_type t where t.oid = f.proargtypes[0] and (t.oid = 'uuid'::regtype or t.typtype in ('d', 'p'))))`;

const DESCRIBE = `
select coalesce(jsonb_agg(jsonb_build_object(
  'arguments', pg_get_function_identity_arguments(f.oid),
  'kind', case f.prokind when 'f' then 'function' when 'p' then 'procedure' else 'other' end,
  'takesUuid', ${TAKES_UUID},
  'executable', has_schema_privilege(n.oid, 'usage') and has_function_privilege(f.oid, 'execute'),
  'volatile', f.provolatile = 'v',
  'outward', ${reachesOut('f', 'n')}) order by f.pronargs, f.oid), '[]') as overloads
from pg_proc f join pg_namespace n on n.oid = f.pronamespace
where n.nspname = $1 and f.proname = $2`;
