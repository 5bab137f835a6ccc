import { FUNCTIONS, functionsSql } from './functions.ts';
import type { Mapping } from './mapping.ts';
import { type Origin, script } from './script.ts';

/** `userdrift sql functions`: the functions of the Data API, under a header that says what they are. */
export function functionsScript(mapping: Mapping, origin: Origin): string {
  const about = [
    'The functions through which the job works over HTTP (userdrift check --transport http), and through which the Edge',
    `Function sync-user inserts the one user that it is told of: ${FUNCTIONS.map(({ name }) => name).join(', ')}.`,
    'Of the roles of the API only service_role may call them.',
    '',
    'Applied again, it changes nothing. After a change of the mapping, print and apply it again: the job refuses functions',
    'that were made from another one. To take it away: userdrift sql uninstall',
  ];
  return script({ what: 'functions', mapping, about }, origin, [functionsSql(mapping).trimEnd()]);
}
