import type { Facts, Finding, RepairFunction } from '../../facts.ts';
import { ident, type Name, qualified } from '../../sql/name.ts';
import { fine, forWriters, problem, type Question, warning } from './finding.ts';

/** Is the repair function there, does it take a uuid, and may this role execute it? */
export function repairFindings({ repairFunction, role, server }: Facts, question: Question): Finding[] {
  const { repair } = question.config;
  if (!repairFunction || repair === 'insert') return [];
  const { name, overloads } = repairFunction;
  const [called] = callable(repairFunction);
  if (overloads.length === 0) {
    const fact = `repair.function: there is no function ${name} in database ${server.database}`;
    return [flaw('function_missing', fact, `create it with one argument of type uuid, or correct its name`, question)];
  }
  if (!called) return [flaw('function_signature', mismatch(repairFunction), SIGNATURE, question)];
  const signature = `${name}(${called.arguments})`;
  if (!called.executable) {
    const fact = `repair.function: role ${role.name} may not execute ${signature}`;
    return [flaw('function_denied', fact, grants(repair.function, called.arguments, role.name), question)];
  }
  const still = `function ${signature} is not declared volatile: what it writes itself is refused (0A000)`;
  const outward = `function ${name} reaches outside the database each time it is called`;
  return [
    fine('repair', 'repair', `each missing user is written by ${signature}`),
    ...(called.volatile
      ? []
      : [warning('repair', 'function_not_volatile', still, `alter function ${signature} volatile`)]),
    ...(reachesOut(repairFunction) ? [warning('repair', 'function_outward', outward, null)] : []),
  ];
}

/** Would a call reach outside the database? Where several functions could be meant, any of them counts. */
export function reachesOut(repairFunction: RepairFunction): boolean {
  return callable(repairFunction).some(({ outward }) => outward);
}

function callable({ overloads }: RepairFunction): RepairFunction['overloads'] {
  return overloads.filter(({ takesUuid }) => takesUuid);
}

/** `check` calls nothing. */
function flaw(code: string, fact: string, fix: string, question: Question): Finding {
  return forWriters(question, problem('repair', 'failed', code, fact, fix));
}

const SIGNATURE = 'name a function with one argument of type uuid; others need defaults';

function mismatch({ name, overloads }: RepairFunction): string {
  if (overloads.every(({ kind }) => kind === 'procedure')) {
    return `repair.function: ${name} is a procedure, and only a function can be called in a query`;
  }
  const known = overloads.map((overload) => `${name}(${overload.arguments})`).join(', ');
  return `repair.function: ${known} cannot be called with one uuid`;
}

function grants(name: Name, types: string, role: string): string {
  const usage = `grant usage on schema ${ident(name.schema)} to ${ident(role)}`;
  return `${usage}; grant execute on function ${qualified(name)}(${types}) to ${ident(role)}`;
}
