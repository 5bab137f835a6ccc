/** What the catalog says in JSON, turned into facts. Both transports read the same JSON. */
import type { Column, Facts, Index, Relation, Trigger } from './facts.ts';
import type { Names } from './port.ts';
import type { Name } from './sql/name.ts';

const KINDS: Readonly<Record<string, Relation['kind']>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
};

/** One relation, as `relationSql` reads it. */
export interface Catalog {
  kind: string;
  rls: Relation['rls'];
  columns: Column[];
  triggers: Trigger[];
  indexes: Index[];
  rules: { name: string; event: 'INSERT' | 'UPDATE' }[];
  partitionKey: string[];
  closedSequences: string[];
  checks: string[];
  foreignKeys: { name: string; columns: string[]; references: string; validated: boolean }[];
}

type Target = NonNullable<Facts['target']>;

export function relationOf({ kind, columns, rls }: Catalog): Omit<Relation, 'sight'> {
  return { kind: KINDS[kind] ?? 'other', columns, rls };
}

/** `source`: what the catalog says of the source, if there is one. */
export function targetOf(target: Catalog, source: Catalog | null, names: Names): Omit<Target, 'sight'> {
  const { triggers, indexes, rules, partitionKey, closedSequences, checks } = target;
  const sourceKeys = target.foreignKeys.filter((key) => isToSource(key, names, source?.kind));
  return {
    ...relationOf(target),
    triggers,
    indexes,
    rules,
    partitionKey,
    closedSequences,
    checks,
    sourceForeignKeys: sourceKeys.map(({ name }) => name),
    fkToSource: sourceKeys.some(({ validated }) => validated),
  };
}

function isToSource(key: Catalog['foreignKeys'][number], names: Names, kind = ''): boolean {
  const { schema, name } = tableBehind(names.source, kind);
  return key.references === `${schema}.${name}` && key.columns.length === 1 && key.columns[0] === names.key;
}

/** A view has no foreign key to it and hears of no sign-up: what is behind it does. */
export function tableBehind(source: Name, kind: string): Name {
  return kind === 'v' || kind === 'm' ? { schema: 'auth', name: 'users' } : source;
}

/** The key column and what can be compared with it; null: the target has no such column. */
export function keyOf({ columns }: Catalog, key: string): Omit<NonNullable<Facts['key']>, 'oddRows'> | null {
  const column = columns.find(({ name }) => name === key);
  return column ? { type: keyType(column.base), sqlType: column.type } : null;
}

function keyType(base: string): 'uuid' | 'text' | 'other' {
  if (base === 'uuid') return 'uuid';
  return ['text', 'character varying', 'character', 'bpchar'].includes(base) || /(^|\.)citext$/.test(base)
    ? 'text'
    : 'other';
}
