import type { Column } from '../facts.ts';

const TEXT = new Set(['text', 'character varying', 'character', 'citext', 'extensions.citext', 'public.citext']);
const MOMENT = new Set(['timestamp with time zone', 'timestamp without time zone']);
const NAME = ['full_name', 'name', 'display_name'];
const PICTURE = ['avatar_url', 'picture'];

/** What can be said of a column by its name alone; its type must agree. Spelling does not matter: fullName is full_name. */
const RULES: ReadonlyMap<string, { types: ReadonlySet<string>; expression: string }> = new Map([
  ['email', { types: TEXT, expression: 'u.email' }],
  ['phone', { types: TEXT, expression: 'u.phone' }],
  ['createdat', { types: MOMENT, expression: 'u.created_at' }],
  ...NAME.map((name) => rule(name, [name, ...NAME.filter((other) => other !== name)], `split_part(u.email, '@', 1)`)),
  ...PICTURE.map((name) => rule(name, [name, ...PICTURE.filter((other) => other !== name)])),
]);

function rule(name: string, keys: string[], last?: string) {
  const tries = keys.map((key) => `nullif(u.raw_user_meta_data->>'${key}', '')`);
  return [plain(name), { types: TEXT, expression: `coalesce(${[...tries, last ?? []].flat().join(', ')})` }] as const;
}

function plain(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

/**
 * The mapping that a table suggests, for a configuration that gives none: e-mail, phone, sign-up time, name and picture
 * where there is a column for them. Everything else is left to the database. No rule knows a privilege (role, is_admin,
 * plan): those are never inferred. Generated and identity columns are never written.
 */
export function inferColumns(
  target: readonly Column[],
  source: readonly Column[],
  key: string,
): Record<string, string> {
  const known = new Set(source.map(({ name }) => name));
  const inferred = target.flatMap((column) => {
    const { name, base, generated, identity } = column;
    const found = RULES.get(plain(name));
    if (!found || name === key || generated || identity || !found.types.has(base)) return [];
    const reads = [...found.expression.matchAll(/\bu\.(\w+)/g)].map(([, read]) => read ?? '');
    return reads.every((read) => known.has(read)) ? [[name, fitted(found.expression, column)] as const] : [];
  });
  return Object.fromEntries(inferred);
}

/** A column that may not be NULL falls back to its default: a user without a mail is no reason to fail. */
function fitted(expression: string, column: Column): string {
  // Without a time zone it would be stored as the wall clock of the session.
  const value = column.base === 'timestamp without time zone' ? `${expression} at time zone 'UTC'` : expression;
  return orDefault(value, column);
}

/** The value, or the default of a column that has one and may not be NULL. */
export function orDefault(value: string, { base, notNull, default: otherwise }: Column): string {
  // Without its length `character` is a single one.
  const type = TEXT.has(base) ? 'text' : base;
  return notNull && otherwise !== null ? `coalesce((${value})::${type}, (${otherwise})::${type})` : value;
}
