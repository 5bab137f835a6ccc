import type { Defects } from '../../facts.ts';
import { display, type Name, spelled } from '../../sql/name.ts';

/** Why a function that copies users copies nobody. */
export interface Defect {
  code: string;
  fact: string;
  /** What to do about it, in words or in SQL. */
  fix: string;
  /** The SQL alone, where that is all it takes. */
  cure: string | null;
}

/**
 * What keeps function `run` from copying anybody to the target; empty where nothing is known to. While a trigger runs such
 * a function, nobody can sign up, or its errors are swallowed. Pure.
 */
export function defectsOf(run: string, about: Defects, target: Name): Defect[] {
  return [
    ...(about.missing.length > 0 ? [namesMissing(run, about.missing)] : []),
    ...(about.lacking.length > 0 ? [columnsMissing(run, about.lacking, target)] : []),
    ...(about.invoker ? [invoker(run, about, target)] : []),
    ...(about.pathless ? [pathless(run, about, target)] : []),
  ];
}

/** What pg_net brings. Nobody but its owner can make something in schema net. */
const PG_NET = /^net\.http_(get|post|delete)$/;

function namesMissing(run: string, names: readonly string[]): Defect {
  const others = names.filter((name) => !PG_NET.test(name));
  const fixes = [
    ...(others.length < names.length ? ['create extension pg_net;'] : []),
    ...(others.length > 0 ? [`create ${others.join(', ')}, or replace ${run}`] : []),
  ];
  const verb = names.length === 1 ? 'does' : 'do';
  const fact = `${run} names ${names.join(', ')}, which ${verb} not exist`;
  return { code: 'trigger_calls_missing', fact, fix: fixes.join(' then '), cure: null };
}

function columnsMissing(run: string, columns: readonly string[], target: Name): Defect {
  const fact = `${run} fills ${columns.join(', ')} of ${display(target)}, which has no such column`;
  return { code: 'trigger_columns_missing', fact, fix: `add ${columns.join(', ')}, or replace ${run}`, cure: null };
}

function invoker(run: string, { cures }: Defects, target: Name): Defect {
  const cure = cures.invoker;
  const role = cure ? 'supabase_auth_admin, who' : 'a role that';
  const fact = `${run} runs as ${role} may not insert into ${display(target)}`;
  return { code: 'trigger_invoker', fact, fix: cure ?? `make ${run} security definer, owned by a role that may`, cure };
}

function pathless(run: string, { lost, cures }: Defects, target: Name): Defect {
  const cure = cures.pathless;
  const names = lost.length > 0 ? lost : [spelled(target.name)];
  const fact = `${run} names ${names.join(', ')} without a schema, and the search_path at sign-up does not lead there`;
  return { code: 'trigger_pathless', fact, fix: cure ?? `put the schema in front in ${run}`, cure };
}
