import type { Mapping } from './mapping.ts';
import { mappingHash } from './mapping-hash.ts';
import { literal } from './name.ts';
import { type FunctionOptions, userdriftMeasure, userdriftMissing } from './read-functions.ts';
import { type Routine, routineSql, withOwnTypes } from './routine.ts';
import { syncUser } from './sync-user.ts';
import { syncUsers } from './sync-users.ts';

/** What others may call, all of it in schema public: names, and arguments as the catalog spells them. A contract. */
export const FUNCTIONS = [
  { name: 'sync_user_from_auth', types: 'uuid', names: ['user_id'], defaults: 0 },
  { name: 'sync_users_from_auth', types: 'uuid[]', names: ['user_ids'], defaults: 0 },
  { name: 'userdrift_missing', types: 'uuid, integer, jsonb', names: ['after', 'page', 'scope'], defaults: 3 },
  { name: 'userdrift_measure', types: 'jsonb', names: ['scope'], defaults: 1 },
] as const;

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

/** A function in the way of ours, and the statement that takes it away. */
export interface ForeignFunction {
  /** `public.sync_user_from_auth(id uuid)` */
  signature: string;
  drop: string;
}

/**
 * Lists, as `ForeignFunction`, what `create or replace` cannot turn into ours, or what would stand beside it so that the
 * Data API no longer knows which one is meant: other arguments, other names of arguments, another result.
 */
export function foreignFunctionsSql(): string {
  const ours = FUNCTIONS.map(({ name, types, names, defaults }) => {
    return `(${literal(name)}, ${literal(types)}, '{${names.join(',')}}'::text[], ${defaults})`;
  });
  return `
select format('public.%I(%s)', f.proname, pg_get_function_arguments(f.oid)) as signature,
  format('drop %s public.%I(%s);', case f.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
    f.proname, pg_get_function_identity_arguments(f.oid)) as drop
from pg_catalog.pg_proc f
join (values ${ours.join(', ')}) as ours (name, types, names, defaults) on ours.name = f.proname
where f.pronamespace = 'public'::regnamespace
  and not (f.prokind = 'f' and not f.proretset and f.prorettype = 'jsonb'::regtype and f.proargmodes is null
    and oidvectortypes(f.proargtypes) = ours.types and f.proargnames = ours.names and f.pronargdefaults <= ours.defaults)
order by 1`;
}
