import type { Facts, Finding } from '../../port.ts';
import { display } from '../../sql/name.ts';
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
    const fact = `role ${role.name} cannot see every row of ${name} (${source.sight.code}): row level security or a missing grant`;
    const fix = 'connect as postgres, or read a view that postgres owns';
    return [problem('source', 'inconclusive', 'source_unseen', fact, fix)];
  }
  return [fine('source', 'source_seen', `every row of ${name} can be seen (${source.kind}, ${RLS[source.rls]})`)];
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
