import type { Facts, Finding } from '../../facts.ts';
import { columnFindings } from './columns.ts';
import { connectionFindings } from './connection.ts';
import type { Ground, Question } from './finding.ts';
import { keyFindings } from './key.ts';
import { repairFindings } from './repair.ts';
import { serverFindings } from './server.ts';
import { sourceFindings } from './source.ts';
import { targetFindings } from './target.ts';
import { triggerFindings } from './triggers.ts';

/**
 * What the facts mean for this job, in the order in which a person would look. Pure: preflight stops at the first
 * problem, doctor prints all. `check` needs only target, key and skip, so what is wrong with the mapping alone is a
 * warning there.
 */
export function findings(facts: Facts, question: Question): Finding[] {
  const { target } = facts;
  const whole = target?.columns.some(({ name }) => name === question.config.key) ? target : null;
  return [
    ...groundFindings(facts, question),
    ...targetFindings(facts, question),
    ...(whole ? keyFindings(facts, whole, question) : []),
    ...(whole ? columnFindings(whole, question) : []),
    ...repairFindings(facts, question),
    ...(target ? triggerFindings(target, facts.connection) : []),
  ];
}

/** As far as they can be told before the target is known. */
export function groundFindings(facts: Facts, ground: Ground): Finding[] {
  return [...connectionFindings(facts, ground), ...serverFindings(facts, ground), ...sourceFindings(facts, ground)];
}
