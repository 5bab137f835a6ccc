import { functionsSql } from './functions.ts';
import type { Mapping } from './mapping.ts';
import type { FunctionOptions } from './read-functions.ts';
import { type Origin, script } from './script.ts';
import { SIGNATURES } from './signatures.ts';

/** `userdrift sql functions`: the functions of the Data API, under a header that says what they are. */
export function functionsScript(mapping: Mapping, reading: FunctionOptions, origin: Origin): string {
  const about = [
    'The functions through which the job works over HTTP (userdrift check --transport http), and through which the Edge',
    `Function sync-user inserts the one user that it is told of: ${SIGNATURES.functions.map(({ name }) => name).join(', ')}.`,
    'Of the roles of the API only service_role may call them.',
    '',
    'Applied again, it changes nothing. After a change of the mapping, print and apply it again: the job refuses functions',
    'that were made from another one. To take it away: userdrift sql uninstall',
  ];
  return script({ what: 'functions', mapping, about }, origin, [functionsSql(mapping, reading).trimEnd()]);
}
