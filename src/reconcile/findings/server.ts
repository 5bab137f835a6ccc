import type { Facts, Finding } from '../../facts.ts';
import { fine, type Ground, problem } from './finding.ts';

/** Which server this is, whether it is the one that is written to, and as whom. */
export function serverFindings({ server, role }: Facts, ground: Ground): Finding[] {
  return [
    fine('server', 'server', `PostgreSQL ${server.version}, database ${server.database}`),
    ...primaryFindings(server, ground),
    fine('role', 'role', `role ${role.name}${powers(role)}`),
  ];
}

function primaryFindings(server: Facts['server'], { command }: Ground): Finding[] {
  if (server.inRecovery) {
    const fact = 'this server is a replica: rows that it has not received yet would look missing';
    return [problem('server', 'inconclusive', 'replica', fact, 'connect to the primary')];
  }
  if (server.readOnly && command !== 'check') {
    const fact = 'the database is read-only (default_transaction_read_only is on)';
    return [
      problem('server', 'failed', 'read_only', fact, 'a full disk does that: see the dashboard, then run it again'),
    ];
  }
  return [fine('server', 'primary', 'the primary, open for writing')];
}

function powers({ superuser, bypassRls }: Facts['role']): string {
  if (superuser) return ', a superuser: row level security hides nothing from it';
  return bypassRls
    ? ', with BYPASSRLS: row level security hides nothing from it'
    : ', which row level security filters';
}
