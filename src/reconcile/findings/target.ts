import type { Facts, Finding } from '../../facts.ts';
import { display, ident } from '../../sql/name.ts';
import { fine, problem, type Question } from './finding.ts';
import { blindness, RLS } from './source.ts';

/** Is the target there, with its key, and can every row of it be seen? */
export function targetFindings({ target, role, server }: Facts, question: Question): Finding[] {
  const { config } = question;
  const name = display(config.target);
  if (name === display(config.source) || name === 'auth.users') {
    const fact = `the target is ${name} itself, where nobody can be missing`;
    return [problem('target', 'failed', 'target_is_source', fact, 'name the table of the application with --target')];
  }
  if (!target) {
    const fact = `there is no table ${name} in database ${server.database}, or role ${role.name} may not enter its schema`;
    const fix = 'name the table with --target or in the configuration';
    return [problem('target', 'failed', 'target_missing', fact, fix)];
  }
  if (!target.columns.some((column) => column.name === config.key)) {
    const fact = `${name} has no column ${config.key}`;
    return [problem('target', 'failed', 'key_missing', fact, 'name the column that holds the auth id with --key')];
  }
  if (!target.sight.seen) {
    const { fact, grant } = blindness(role, config.target, target.sight);
    const fix = `connect as postgres, or: ${grant ?? `alter role ${ident(role.name)} bypassrls`}`;
    return [problem('target', 'inconclusive', 'target_unseen', fact, fix)];
  }
  const through = target.sight.through === 'policy' ? ', with a policy that shows this role everything' : '';
  return [
    fine('target', 'target_seen', `every row of ${name} can be seen (${target.kind}, ${RLS[target.rls]}${through})`),
    ...constraintFindings(target),
  ];
}

/** What may refuse a row: who reads a failure wants to know what there is. */
function constraintFindings(target: NonNullable<Facts['target']>): Finding[] {
  const unique = target.indexes.filter((index) => index.unique).map(({ name }) => name);
  const found = [
    ...(unique.length > 0 ? [`unique: ${unique.join(', ')}`] : []),
    ...(target.checks.length > 0 ? [`check: ${target.checks.join(', ')}`] : []),
  ];
  return found.length > 0 ? [fine('target', 'constraints', `a row has to pass ${found.join('; ')}`)] : [];
}
