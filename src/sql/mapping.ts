import { ident, type Name, qualified } from './name.ts';
import type { Scoped } from './scope.ts';

/** Everything that SQL is made from: which table, which key, which columns, who is not expected. */
export interface Mapping {
  source: Name;
  target: Name;
  key: string;
  /** A text key is compared as `u.id::text`. */
  keyType: 'uuid' | 'text';
  columns: readonly { name: string; expression: string }[];
  /** Mapped columns kept equal; `type` is the column's own type with its modifier. */
  refresh: readonly { name: string; expression: string; type: string }[];
  skip: { deleted: boolean; anonymous: boolean; sso: boolean; where: string | null };
  /** The function of the application that writes a missing user; null: an INSERT does. */
  repair: Name | null;
}

/** An expression of the configuration, kept whole: parentheses on lines of their own outlive a trailing `--` comment. */
export function whole(expression: string): string {
  return `(\n${expression}\n)`;
}

export function sourceOf(mapping: Mapping): string {
  return `${qualified(mapping.source)} u`;
}

export function targetOf(mapping: Mapping): string {
  return qualified(mapping.target);
}

/** The value of the key for source row `u`. */
export function keyValue(mapping: Mapping): string {
  return mapping.keyType === 'text' ? 'u.id::text' : 'u.id';
}

/** Does row `p` of the target belong to source row `u`? */
export function sameUser(mapping: Mapping): string {
  return `p.${ident(mapping.key)} = ${keyValue(mapping)}`;
}

/** `not exists`, never `not in`: one NULL in a nullable key would make `not in` find nobody. */
export function withoutRow(mapping: Mapping, bounds = ''): string {
  return `not exists (select from ${targetOf(mapping)} p where ${sameUser(mapping)}${bounds})`;
}

/**
 * Is `u` within the scope, and has no row? The bounds stand inside as well, so that no more of the target is read than
 * of the source. Not for a text key: text and uuid sort alike only under collation "C".
 */
export function withoutRowWithin(mapping: Mapping, scope: Scoped): string {
  const inner = mapping.keyType === 'uuid' ? scope.between(`p.${ident(mapping.key)}`) : '';
  return `${withoutRow(mapping, inner)}${scope.between('u.id')}`;
}

/** Who is not expected, in the order in which a user falls into one class. */
function exclusions({ skip }: Pick<Mapping, 'skip'>): { why: string; test: string; otherwise: string }[] {
  const filter = skip.where === null ? '' : whole(skip.where);
  return [
    ...(skip.deleted ? [{ why: 'deleted', test: 'u.deleted_at is not null', otherwise: 'u.deleted_at is null' }] : []),
    ...(skip.anonymous ? [isTrue('anonymous', 'u.is_anonymous')] : []),
    ...(skip.sso ? [isTrue('sso', 'u.is_sso_user')] : []),
    ...(filter === '' ? [] : [isTrue('filtered', filter)]),
  ];
}

function isTrue(why: string, value: string): { why: string; test: string; otherwise: string } {
  return { why, test: `${value} is true`, otherwise: `${value} is not true` };
}

/** TRUE for the users that are expected in the target. Grace and since are no part of it: they narrow the look, not the write. */
export function eligible(mapping: Pick<Mapping, 'skip'>): string {
  const tests = exclusions(mapping).map(({ otherwise }) => otherwise);
  return tests.length > 0 ? tests.join(' and ') : 'true';
}

/** The first reason why `u` is not expected, or null. */
export function exclusionOf(mapping: Mapping): string {
  const arms = exclusions(mapping).map(({ why, test }) => `when ${test} then '${why}'`);
  return arms.length > 0 ? `case ${arms.join(' ')} end` : 'null::text';
}

/** TRUE where a refresh column of row `p` differs from what the mapping says. */
export function staleTest(mapping: Mapping): string {
  const tests = mapping.refresh.map((column) => `p.${ident(column.name)} is distinct from ${refreshValue(column)}`);
  return tests.length > 0 ? `(${tests.join(' or ')})` : 'false';
}

export function refreshValue(column: Mapping['refresh'][number]): string {
  return `${whole(column.expression)}::${column.type}`;
}
