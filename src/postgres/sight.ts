import type { ClientBase } from 'pg';
import type { Names, Sight } from '../port.ts';
import { ident, type Name, qualified } from '../sql/name.ts';
import { sqlState } from './sqlstate.ts';

/**
 * Row level security hides rows without an error: a role that it filters reads nothing and believes that all is well.
 * With `row_security = off` the planner refuses instead. It looks through views as well, where `row_security_active`
 * is always false. Costs no read: the statement is planned, not run.
 */
export async function proveSource(client: ClientBase, source: Name): Promise<Sight> {
  return planned(client, `explain select id from ${qualified(source)} limit 1`);
}

/** As for the source; a role that is filtered may still see everything through a policy that says `true`. */
export async function proveTarget(
  client: ClientBase,
  { target, key, update, repair }: Pick<Names, 'key' | 'update' | 'repair'> & { target: Name },
): Promise<Sight> {
  const sight = await planned(client, `explain select ${ident(key)} from ${qualified(target)} limit 1`);
  if (sight.seen || !(await hasOpenPolicy(client, target, { insert: repair === null, update }))) return sight;
  return { seen: true, through: 'policy' };
}

async function planned(client: ClientBase, explain: string): Promise<Sight> {
  await client.query('savepoint sight; set local row_security = off');
  try {
    await client.query(explain);
    await client.query('rollback to savepoint sight');
    return { seen: true, through: 'role' };
  } catch (error) {
    const code = sqlState(error);
    if (code === null || !['42501', '42P01', '3F000', '42703', '55000', '42809'].includes(code)) throw error;
    await client.query('rollback to savepoint sight');
    return { seen: false, code };
  }
}

/**
 * A permissive policy for this role whose USING and WITH CHECK are literally `true`, for reading and for each way in
 * which we write, and no restrictive policy at all.
 */
async function hasOpenPolicy(
  client: ClientBase,
  target: Name,
  { insert, update }: Record<'insert' | 'update', boolean>,
): Promise<boolean> {
  const { rows } = await client.query<{ open: boolean }>(
    `
with policy as (
  select polcmd, polpermissive,
    pg_get_expr(polqual, polrelid) as using_expr,
    coalesce(pg_get_expr(polwithcheck, polrelid), pg_get_expr(polqual, polrelid)) as check_expr
  from pg_policy
  where polrelid = to_regclass($1)
    and exists (select from unnest(polroles) as role(oid) where role.oid = 0 or pg_has_role(role.oid, 'usage'))
)
select bool_and(polpermissive)
  and bool_or(polcmd in ('*', 'r') and using_expr = 'true')
  and (not $2 or bool_or(polcmd in ('*', 'a') and check_expr = 'true'))
  and (not $3 or bool_or(polcmd in ('*', 'w') and using_expr = 'true' and check_expr = 'true')) as open
from policy`,
    [qualified(target), insert, update],
  );
  return rows[0]?.open === true;
}
