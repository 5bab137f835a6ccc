import type { Mapping } from './mapping.ts';
import { mappingHash } from './mapping-hash.ts';
import { type FunctionOptions, userdriftMeasure, userdriftMissing } from './read-functions.ts';
import { type Routine, routineSql, withOwnTypes } from './routine.ts';
import { syncUser } from './sync-user.ts';
import { syncUsers } from './sync-users.ts';

/**
 * The script that makes the functions of the Data API from a mapping. Applying it again changes nothing. `refresh` and
 * `repair` play no part in it. `graceMs` is what a call takes that brings neither a cutoff nor a grace; `providers`: the
 * source has raw_app_meta_data, as auth.users does and a view need not.
 */
export function functionsSql(mapping: Mapping, options: Partial<FunctionOptions> = {}): string {
  const made = routines(mapping, { graceMs: 60_000, providers: true, ...options });
  return `begin;
set local lock_timeout = '5s';

${made.map(routineSql).join('\n\n')}

notify pgrst, 'reload schema';
commit;
`;
}

function routines(mapping: Mapping, options: FunctionOptions): Routine[] {
  const hash = mappingHash(mapping);
  const { columns, skip } = mapping;
  const expressions = [...columns.map(({ expression }) => expression), ...(skip.where === null ? [] : [skip.where])];
  const made = [
    syncUser(mapping, hash),
    syncUsers(mapping, hash),
    userdriftMissing(mapping, hash, options),
    userdriftMeasure(mapping, hash, options),
  ];
  return made.map((routine) => ({ ...routine, body: withOwnTypes(routine.body, expressions) }));
}
