import type { Defects, Finding, SignUps, SourceTrigger } from '../../facts.ts';
import type { Name } from '../../sql/name.ts';
import { type Defect, defectsOf } from './defects.ts';

/** What the messages speak of. */
export interface Case extends SignUps {
  target: Name;
}

/** One reason why users are missing. */
export function cause(code: string, fact: string, fix: string): Finding {
  return { about: 'causes', level: 'warning', code, fact, fix };
}

export function causeOf({ code, fact, fix }: Defect): Finding {
  return cause(code, fact, fix);
}

export function the({ name }: SourceTrigger, { table }: Case): string {
  return `trigger ${name} on ${table}`;
}

export const SCHEDULE = 'run userdrift sync on a schedule, which copies whoever is missing';

/** What keeps a trigger or a stray from copying anybody; a function that is gone has no defects. */
export function defects(
  { function: run, ...about }: Defects & { function: string | null },
  { target }: Case,
): Defect[] {
  return run === null ? [] : defectsOf(run, about, target);
}

/** The facts alone. */
export function told(found: readonly Defect[]): string {
  return found.map(({ fact }) => fact).join('; ');
}

/** What has to be done before any trigger may run the function, in words. */
export function fixes(found: readonly Defect[]): string {
  return `first ${found.map(({ fix }) => fix.replace(/;$/, '')).join('; ')}`;
}

/** The SQL that ends all these defects, then `way`; null where SQL cannot. */
export function mended(found: readonly Defect[], way: string): string | null {
  const cures = found.map(({ cure }) => cure);
  return cures.includes(null) ? null : [...cures, way].join(' ');
}

/** SQL that has a trigger run `run` at each sign-up, for whoever has the right TRIGGER. */
export function creation(trigger: string, run: string, { table }: Case): string {
  return `create or replace trigger ${trigger} after insert on ${table} for each row execute function ${run}();`;
}
