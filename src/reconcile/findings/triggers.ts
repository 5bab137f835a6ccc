import type { Facts, Finding } from '../../facts.ts';
import { warning } from './finding.ts';

/** Every enabled INSERT trigger of the target is named in every run: a repair fires it. */
export function triggerFindings(target: NonNullable<Facts['target']>): Finding[] {
  return target.triggers
    .filter((trigger) => trigger.enabled && trigger.insert)
    .map((trigger) => {
      const fact = `trigger ${trigger.name} runs ${trigger.function} ${trigger.timing} each insert`;
      return trigger.outward
        ? warning('triggers', 'trigger_outward', `${fact} and reaches outside the database`, null)
        : warning('triggers', 'trigger', fact, null);
    });
}
