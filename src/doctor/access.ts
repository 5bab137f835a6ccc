import type { Finding, Ours } from '../facts.ts';
import { fine, problem } from '../reconcile/findings/finding.ts';

const REVOKE_TABLE = 'revoke all on table userdrift.runs from public, anon, authenticated, service_role;';

/** Does anybody get at what is ours who has no secret key? It stops no run: doctor alone asks. */
export function accessFindings({ open, history }: Ours): Finding[] {
  const functions = open.map(({ function: signature, roles }) => {
    const fact = `${either(roles)} may call ${signature}: whoever has the publishable key can, and it runs with the rights of its owner`;
    const fix = `revoke execute on function ${signature} from public, anon, authenticated;`;
    return problem('access', 'failed', 'function_open', fact, fix);
  });
  const openTo = history?.openTo ?? [];
  const table = `${either(openTo)} may get at the table userdrift.runs, which is for the functions of the history alone`;
  const found = [
    ...functions,
    ...(openTo.length > 0 ? [problem('access', 'failed', 'history_open', table, REVOKE_TABLE)] : []),
  ];
  return found.length > 0
    ? found
    : [fine('access', 'access', 'the API reaches nothing of userdrift without a secret key')];
}

function either(roles: readonly string[]): string {
  return roles.length < 2 ? roles.join() : `${roles.slice(0, -1).join(', ')} and ${roles.at(-1)}`;
}
