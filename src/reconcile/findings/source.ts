import type { Facts, Finding, Sight } from '../../facts.ts';
import { display, ident, type Name } from '../../sql/name.ts';
import { fine, type Ground, problem } from './finding.ts';

/** Is the source there, with the columns that the skip rules read, and can every row of it be seen? */
export function sourceFindings({ source, role, server }: Facts, ground: Ground): Finding[] {
  const name = display(ground.config.source);
  if (!source) {
    const fact = `there is no ${name} in database ${server.database}, or role ${role.name} may not enter its schema`;
    const fix = 'check the database in DATABASE_URL; on Supabase it is postgres';
    return [problem('source', 'failed', 'source_missing', fact, fix)];
  }
  const missing = neededColumns(ground).filter((needed) => !source.columns.some((column) => column.name === needed));
  if (missing.length > 0) {
    const fact = `${name} has no column ${missing.join(', ')}`;
    const fix = 'add it to the view, or switch the matching skip off';
    return [problem('source', 'failed', 'source_column_missing', fact, fix)];
  }
  if (!source.sight.seen) {
    const { fact, grant } = blindness(role, ground.config.source, source.sight);
    const fix = `connect as postgres, or ${grant ?? 'read a view that postgres owns'}`;
    return [problem('source', 'inconclusive', 'source_unseen', fact, fix)];
  }
  const id = source.columns.find((column) => column.name === 'id');
  if (id && id.base !== 'uuid') {
    const fact = `id of ${name} is ${id.type}, and an auth id is a uuid`;
    return [problem('source', 'failed', 'source_id_type', fact, 'leave id as it is in auth.users')];
  }
  return [fine('source', 'source_seen', `every row of ${name} can be seen (${source.kind}, ${RLS[source.rls]})`)];
}

/** Why the role does not see, and the SQL that would help; null: no grant does. */
export function blindness(
  role: Facts['role'],
  relation: Name,
  sight: Extract<Sight, { seen: false }>,
): { fact: string; grant: string | null } {
  const name = display(relation);
  const select = `grant select on ${name} to ${ident(role.name)}`;
  switch (sight.lacks) {
    case 'schema': {
      const fact = `role ${role.name} may not enter schema ${relation.schema}, so it cannot see ${name} (${sight.code})`;
      return { fact, grant: `grant usage on schema ${ident(relation.schema)} to ${ident(role.name)}; ${select}` };
    }
    case 'select':
      return { fact: `role ${role.name} may not read ${name} (${sight.code})`, grant: select };
    case 'rows': {
      const fact = `role ${role.name} cannot see every row of ${name} (${sight.code}): row level security, or a column without a grant`;
      return { fact, grant: role.bypassRls ? select : null };
    }
  }
}

export const RLS: Record<'off' | 'on' | 'forced', string> = {
  off: 'no row level security',
  on: 'row level security on',
  forced: 'row level security forced',
};

function neededColumns({ config: { skip } }: Ground): string[] {
  return [
    'id',
    'created_at',
    ...(skip.deleted ? ['deleted_at'] : []),
    ...(skip.anonymous ? ['is_anonymous'] : []),
    ...(skip.sso ? ['is_sso_user'] : []),
  ];
}
