import { type Catalog, keyOf, relationOf, targetOf } from '../catalog.ts';
import type { Facts } from '../facts.ts';
import type { Names } from '../port.ts';
import type { Name } from '../sql/name.ts';
import type { Answer } from './data-api.ts';

/** What `userdrift_measure('{"facts": true}')` answers. */
export interface FactsAnswer extends Answer {
  facts: Pick<Facts, 'server' | 'role'> & {
    /** what the functions were made for */
    names: { source: Name; target: Name; key: string };
    source: Catalog | null;
    target: Catalog | null;
    oddKeys: boolean;
    /** Functions of an earlier userdrift do not tell. */
    ours?: Facts['ours'];
  };
}

/** PostgREST runs a statement of the service role under the timeout of its own role. */
const TIMEOUTS = { statement: 8000, idleSession: 0 };

/** The function ran with row_security = off, so that its owner sees every row of both tables, or it had failed. */
const SEEN = { sight: { seen: true, through: 'role' } } as const;

/** The facts as far as the Data API tells them: nothing of what hears of sign-ups, and of no repair function. */
export function factsOf({ facts }: FactsAnswer, names: Names, encrypted: boolean): Facts {
  const { server, role, source, target, oddKeys, ours } = facts;
  const key = target && keyOf(target, facts.names.key);
  const wanted = names.target !== null;
  return {
    server,
    connection: {
      kind: 'data api',
      mode: 'transaction',
      tls: encrypted ? 'HTTPS' : null,
      freeConnections: null,
      timeouts: TIMEOUTS,
    },
    role,
    source: source && { ...relationOf(source), ...SEEN, signUps: null },
    target: wanted && target ? { ...targetOf(target, source, names), ...SEEN } : null,
    key: wanted && key ? { ...key, oddRows: oddKeys } : null,
    repairFunction: null,
    ours: ours ?? null,
  };
}
