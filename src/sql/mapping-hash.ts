import { createHash } from 'node:crypto';
import type { Mapping } from './mapping.ts';

/**
 * 16 hex digits that tell one mapping from another: the job and the functions in the database must be made from the same
 * one. Spelling counts, the order of the columns does not. `refresh` and `repair` are no part of it, because no function
 * is made from them.
 */
export function mappingHash({ source, target, key, keyType, columns, skip }: Mapping): string {
  const named = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const canonical = [
    VERSION,
    [source.schema, source.name],
    [target.schema, target.name],
    [key, keyType],
    [...columns].sort(named).map(({ name, expression }) => [name, expression]),
    [skip.deleted, skip.anonymous, skip.sso, skip.where],
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest('hex').slice(0, 16);
}

/** Raised when the functions change in what the job expects of them. */
const VERSION = 1;
