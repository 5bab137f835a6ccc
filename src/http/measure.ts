import { Fault } from '../fault.ts';
import type { Clock, Measure, Scope } from '../port.ts';
import { type Bounds, halvesOf, shardBounds } from '../sql/shard.ts';
import type { Answer } from './data-api.ts';
import type { Functions } from './functions.ts';
import { mergeMeasures } from './merge.ts';

interface MeasureAnswer extends Answer, Measure {
  replica: boolean;
}

export interface MeasureOptions {
  graceMs: number;
  orphans: boolean;
}

/**
 * Measures both tables in one call, or, where that takes longer than the Data API allows, in halves, each in a snapshot of
 * its own. Without a clock it is the first measure of a run, which fixes it and breaks the missing down.
 */
export async function measure(
  functions: Functions,
  scope: Scope,
  clock: Clock | null,
  options: MeasureOptions,
): Promise<Measure> {
  const asked = {
    since: scope.since,
    graceMs: options.graceMs,
    orphans: options.orphans && scope.since === null,
    breakdown: clock === null,
  };
  const parts: Measure[] = [];
  const pending = [shardBounds(scope.shard)];
  for (let range = pending.pop(); range; range = pending.pop()) {
    const { after: from, upTo: to } = range;
    const part = await measureRange(functions, { ...asked, ...(clock ?? parts[0]?.clock), from, to });
    if (part) parts.push(part);
    else pending.push(...halves(range));
  }
  return mergeMeasures(parts);
}

/** null: it takes too long. */
async function measureRange(functions: Functions, scope: object): Promise<Measure | null> {
  try {
    const options = { late: 'halve', own: ['halve'] } as const;
    const {
      replica,
      mapping: _,
      ...part
    } = await functions.call<MeasureAnswer>('measure', 'userdrift_measure', { scope }, options);
    if (!replica) return part;
  } catch (error) {
    if (functions.isTooSlow(error)) return null;
    throw error;
  }
  throw new Fault('sight_lost', 'while measuring, the Data API answered from a replica', {
    verdict: 'inconclusive',
    fix: 'set SUPABASE_URL to the project itself, not to a read replica or a load balancer',
  });
}

/** The lower half comes first. */
function halves(range: Bounds): Bounds[] {
  const [lower, upper] = halvesOf(range) ?? [];
  if (lower && upper) return [upper, lower];
  throw new Fault('timeout', 'the database refused to measure: even a small part of the users takes too long', {
    fix: 'run it again when the database is less busy, or over DATABASE_URL',
  });
}
