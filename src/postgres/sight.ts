import type { ClientBase } from 'pg';
import type { Sight } from '../facts.ts';
import type { Writes } from '../port.ts';
import { ident, type Name, qualified } from '../sql/name.ts';
import { sqlState } from './sqlstate.ts';

/**
 * Row level security hides rows without an error: a role that it filters reads nothing and believes that all is well.
 * With `row_security = off` the planner refuses instead. It looks through views as well, where `row_security_active`
 * is always false. Costs no read: the statement is planned, not run.
 */
export async function proveSource(client: ClientBase, source: Name): Promise<Sight> {
  return planned(client, source, 'id');
}

/** As for the source; a role that is filtered may still see everything through a policy that says `true`. */
export async function proveTarget(
  client: ClientBase,
  { target, key }: { target: Name; key: string },
  writes: Writes,
): Promise<Sight> {
  const sight = await planned(client, target, key);
  if (sight.seen || !(await hasOpenPolicy(client, target, writes))) return sight;
  return { seen: true, through: 'policy' };
}

async function planned(client: ClientBase, relation: Name, column: string): Promise<Sight> {
  await client.query('savepoint sight; set local row_security = off');
  try {
    await client.query(`explain select ${ident(column)} from ${qualified(relation)} limit 1`);
    await client.query('rollback to savepoint sight');
    return { seen: true, through: 'role' };
  } catch (error) {
    const code = sqlState(error);
    if (code === null || !['42501', '42P01', '3F000', '42703', '55000', '42809'].includes(code)) throw error;
    await client.query('rollback to savepoint sight');
    return { seen: false, code, lacks: await lacking(client, relation) };
  }
}

async function lacking(client: ClientBase, { schema, name }: Name): Promise<'schema' | 'select' | 'rows'> {
  const { rows } = await client.query<{ lacks: 'schema' | 'select' | 'rows' }>(
    `
select case
  when not has_schema_privilege(n.oid, 'usage') then 'schema'
  when not has_table_privilege(c.oid, 'select') and not has_any_column_privilege(c.oid, 'select') then 'select'
  else 'rows' end as lacks
from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [schema, name],
  );
  return rows[0]?.lacks ?? 'rows';
}

/**
 * A permissive policy for this role whose USING and WITH CHECK are literally `true`, for reading and for each way in
 * which we write, and no restrictive policy at all.
 */
async function hasOpenPolicy(client: ClientBase, target: Name, { insert, update }: Writes): Promise<boolean> {
  const { rows } = await client.query<{ open: boolean }>(
    `
with policy as (
  select polcmd, polpermissive,
    pg_get_expr(polqual, polrelid) as using_expr,
    coalesce(pg_get_expr(polwithcheck, polrelid), pg_get_expr(polqual, polrelid)) as check_expr
  from pg_policy
  where polrelid = (
    select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2)
    and exists (select from unnest(polroles) as role(oid) where role.oid = 0 or pg_has_role(role.oid, 'usage'))
)
select bool_and(polpermissive)
  and bool_or(polcmd in ('*', 'r') and using_expr = 'true')
  and (not $3::boolean or bool_or(polcmd in ('*', 'a') and check_expr = 'true'))
  and (not $4::boolean or bool_or(polcmd in ('*', 'w') and using_expr = 'true' and check_expr = 'true')) as open
from policy`,
    [target.schema, target.name, insert, update],
  );
  return rows[0]?.open === true;
}
