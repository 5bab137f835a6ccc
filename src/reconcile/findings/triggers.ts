import type { Facts, Finding } from '../../facts.ts';
import { warning } from './finding.ts';

/**
 * Every enabled INSERT trigger of the target is named in every run: a repair fires it. Over HTTP it runs under the empty
 * search_path of the function that inserts.
 */
export function triggerFindings(target: NonNullable<Facts['target']>, { kind }: Facts['connection']): Finding[] {
  return target.triggers
    .filter((trigger) => trigger.enabled && trigger.insert)
    .map((trigger) => {
      const lost = kind === 'data api' && trigger.pathless;
      const path = lost
        ? '; it sets no search_path, and over HTTP it finds nothing that it names without a schema'
        : '';
      const fix = lost ? `alter function ${trigger.function}() set search_path = public` : null;
      const fact = `trigger ${trigger.name} runs ${trigger.function} ${trigger.timing} each insert`;
      return trigger.outward
        ? warning('triggers', 'trigger_outward', `${fact} and reaches outside the database${path}`, fix)
        : warning('triggers', 'trigger', `${fact}${path}`, fix);
    });
}
