import type { Facts, Finding } from '../../facts.ts';
import { ident } from '../../sql/name.ts';
import { fine, type Ground, warning } from './finding.ts';

const KINDS: Record<Facts['connection']['kind'], string> = {
  direct: 'direct connection',
  'session pooler': 'session pooler: settings and prepared statements last',
  'transaction pooler': 'transaction pooler: every batch brings its own settings',
  'data api': 'the Data API of the project, and the functions of userdrift sql functions',
  'unknown pooler': 'a pooler of a kind that is not known, taken for a transaction pooler',
};

/** How the server is reached, and what stands in the way of a run over this connection. */
export function connectionFindings(facts: Facts, ground: Ground): Finding[] {
  const { connection } = facts;
  if (connection.kind === 'data api') return dataApiFindings(connection);
  return [
    fine('connection', 'connection', KINDS[connection.kind]),
    fine('connection', 'tls', connection.tls ? `${connection.tls}, certificate verified` : 'no TLS, on this machine'),
    spareFinding(connection, ground),
    ...timeoutFindings(facts),
  ];
}

function dataApiFindings({ kind, tls, timeouts }: Facts['connection']): Finding[] {
  const limit = `a call ends after ${seconds(timeouts.statement)}, so that the job asks for less at a time`;
  return [
    fine('connection', 'connection', KINDS[kind]),
    fine('connection', 'tls', tls ? `${tls}, certificate verified` : 'no TLS, on this machine'),
    fine('connection', 'timeouts', limit),
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

/** A connection waits this long while other batches are in flight. */
const IDLE_MS = 60_000;

/** The job sets its own timeouts; what outlives a transaction it may not set where sessions are shared. */
function timeoutFindings({ connection: { mode, timeouts }, role }: Facts): Finding[] {
  const { statement, idleSession } = timeouts;
  if (mode === 'transaction' && idleSession > 0 && idleSession < IDLE_MS) {
    const fact = `idle_session_timeout of role ${role.name} is ${seconds(idleSession)}: it ends connections that wait for work`;
    const fix = `alter role ${ident(role.name)} set idle_session_timeout = 0`;
    return [warning('connection', 'timeout_short', fact, fix)];
  }
  const set = statement > 0 ? ` (${seconds(statement)})` : '';
  return [
    fine('connection', 'timeouts', `no timeout of this role will bite: the job sets its own statement_timeout${set}`),
  ];
}

function seconds(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000}min` : `${ms / 1000}s`;
}
