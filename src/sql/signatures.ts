import type { Name } from './name.ts';

/** A function as `create or replace` needs it: with other arguments or another result, the old one has to be dropped first. */
export interface Signature extends Name {
  /** names and types, as pg_get_function_identity_arguments() writes them */
  arguments: string;
  /** as pg_get_function_result() writes it */
  returns: string;
}

const ours = (name: string, args: string, returns: string): Signature => ({
  schema: 'userdrift',
  name,
  arguments: args,
  returns,
});
const open = (name: string, args: string, returns: string): Signature => ({
  ...ours(name, args, returns),
  schema: 'public',
});

/** Every function that printed SQL makes, by the argument of `userdrift sql`. */
export const SIGNATURES = {
  functions: [
    open('sync_user_from_auth', 'user_id uuid', 'jsonb'),
    open('sync_users_from_auth', 'user_ids uuid[]', 'jsonb'),
    open('userdrift_missing', 'after uuid, page integer, scope jsonb', 'jsonb'),
    open('userdrift_measure', 'scope jsonb', 'jsonb'),
  ],
  trigger: [ours('copy_user', '', 'trigger')],
  webhook: [ours('post_user', '', 'trigger'), ours('secret', 'of_name text', 'text')],
  role: [],
  history: [
    open('userdrift_record_run', 'report jsonb', 'void'),
    open('userdrift_history', 'max_runs integer, of_target text', 'jsonb'),
  ],
  statement: [],
  uninstall: [],
} as const satisfies Record<string, readonly Signature[]>;
