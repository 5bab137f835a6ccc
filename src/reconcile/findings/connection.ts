import type { Facts, Finding } from '../../port.ts';
import { ident } from '../../sql/name.ts';
import { fine, type Ground, warning } from './finding.ts';

const KINDS: Record<Facts['connection']['kind'], string> = {
  direct: 'direct connection',
  'session pooler': 'session pooler: settings and prepared statements last',
  'transaction pooler': 'transaction pooler: every batch brings its own settings',
  'unknown pooler': 'a pooler of a kind that is not known, taken for a transaction pooler',
};

/** How the server is reached, and what stands in the way of a run over this connection. */
export function connectionFindings(facts: Facts, ground: Ground): Finding[] {
  const { connection } = facts;
  return [
    fine('connection', 'connection', KINDS[connection.kind]),
    fine('connection', 'tls', connection.tls ? `${connection.tls}, certificate verified` : 'no TLS, on this machine'),
    spareFinding(connection, ground),
    ...timeoutFindings(facts),
  ];
}

/** Writers, the run lock and one for somebody else. */
function spareFinding({ freeConnections: free }: Facts['connection'], { concurrency }: Ground): Finding {
  if (free === null) return fine('connection', 'spare', 'the server does not say how many connections it has to spare');
  const fact = `${free} ${free === 1 ? 'connection' : 'connections'} to spare`;
  if (free > concurrency + 1) return fine('connection', 'spare', fact);
  const fix = 'close what is idle, or connect through the session pooler';
  return warning('connection', 'connections_few', `${fact}, so a run has fewer writers than ${concurrency}`, fix);
}

/** A measure of ten million users takes seconds, on a slow disk minutes. */
const LONGEST_MS = 600_000;
/** A connection waits this long while other batches are in flight. */
const IDLE_MS = 60_000;

/** The job sets its own timeouts for statements, locks and idle transactions; two of the server's it cannot. */
function timeoutFindings({ connection: { timeouts }, role }: Facts): Finding[] {
  const bites = (name: string, ms: number, least: number, what: string) =>
    ms > 0 && ms < least
      ? [
          warning(
            'connection',
            'timeout_short',
            `${name} of role ${role.name} is ${seconds(ms)}: it ends ${what}`,
            `alter role ${ident(role.name)} set ${name} = 0`,
          ),
        ]
      : [];
  const short = [
    ...bites('transaction_timeout', timeouts.transaction, LONGEST_MS, 'a measure that takes longer'),
    ...bites('idle_session_timeout', timeouts.idleSession, IDLE_MS, 'connections that wait for work'),
  ];
  if (short.length > 0) return short;
  const set = timeouts.statement > 0 ? `statement_timeout (${seconds(timeouts.statement)})` : 'statement_timeout';
  return [
    fine('connection', 'timeouts', `no timeout of this role will bite: the job sets its own ${set} and lock_timeout`),
  ];
}

function seconds(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}min` : `${ms / 1000}s`;
}
