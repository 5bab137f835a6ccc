import { columnsNamed } from './columns-named.ts';
import type { Mapping } from './mapping.ts';
import { ident, type Name } from './name.ts';

/** Where users sign up, whatever view the job reads them through. */
export const AUTH_USERS: Name = { schema: 'auth', name: 'users' };

/** Its columns, the same since March 2024, in their order; nobody but the platform can add one. */
export const AUTH_USERS_COLUMNS: readonly string[] = (
  'instance_id id aud role email encrypted_password email_confirmed_at invited_at confirmation_token confirmation_sent_at ' +
  'recovery_token recovery_sent_at email_change_token_new email_change email_change_sent_at last_sign_in_at ' +
  'raw_app_meta_data raw_user_meta_data is_super_admin created_at updated_at phone phone_confirmed_at phone_change ' +
  'phone_change_token phone_change_sent_at confirmed_at email_change_token_current email_change_confirm_status ' +
  'banned_until reauthentication_token reauthentication_sent_at is_sso_user deleted_at is_anonymous'
).split(' ');

/** The columns by which `skip` decides who is expected. */
export function skipColumns({ skip }: Pick<Mapping, 'skip'>): string[] {
  const named = skip.where === null ? [] : columnsNamed([skip.where], AUTH_USERS_COLUMNS).columns;
  return [
    ...(skip.deleted ? ['deleted_at'] : []),
    ...(skip.anonymous ? ['is_anonymous'] : []),
    ...(skip.sso ? ['is_sso_user'] : []),
    ...named,
  ];
}

/**
 * When a trigger on auth.users has to fire: on a sign-up, and when a column changes by which somebody becomes expected (an
 * anonymous user becomes a permanent one by an UPDATE) or that one of `expressions` reads. Never on `last_sign_in_at`
 * without need: that is every login.
 */
export function eventsFor(mapping: Pick<Mapping, 'skip'>, expressions: readonly string[] = []): string {
  const { where } = mapping.skip;
  const read = columnsNamed([...expressions, ...(where === null ? [] : [where])], AUTH_USERS_COLUMNS);
  if (read.wholeRow) return 'insert or update';
  const columns = new Set([...skipColumns(mapping), ...read.columns]);
  return columns.size === 0 ? 'insert' : `insert or update of ${[...columns].map(ident).join(', ')}`;
}
