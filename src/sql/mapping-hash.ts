import { createHash } from 'node:crypto';
import type { Mapping } from './mapping.ts';

/** Tells one mapping from another: the same for the same mapping in every version of userdrift that makes the same SQL of it. */
export function mappingHash(mapping: Mapping): string {
  return createHash('sha256').update(JSON.stringify(mapping)).digest('hex').slice(0, 16);
}
