import type { Measure, Outcome, Standing, Tables } from '../port.ts';
import type { UserOutcome } from '../report.ts';
import type { Tally } from './tally.ts';

/** What `check --user` says of these users. Writes nothing. */
export async function lookAt(tables: Tables, ids: readonly string[]): Promise<UserOutcome[]> {
  const standings = await standingById(tables, ids);
  return ids.map((id) => asSeen(id, standings.get(id)));
}

/** Writes those of the users that are missing; grace, since and share do not apply to people who were named. */
export async function repairNamed(
  tables: Tables,
  seen: readonly UserOutcome[],
  tally: Tally,
  stop: AbortSignal,
): Promise<UserOutcome[]> {
  const missing = seen.flatMap(({ id, outcome }) => (outcome === 'missing' && id !== null ? [id] : []));
  const outcomes = new Map<string, Outcome>();
  tally.scan(missing.length);
  if (missing.length > 0) {
    for await (const settled of tables.write(missing, stop)) {
      tally.settle(settled);
      for (const outcome of settled) outcomes.set(outcome.id, outcome);
    }
  }
  return seen.map((user) => written(user, outcomes.get(user.id ?? '')));
}

/** Which of the users are still missing, asked anew. */
export async function stillMissing(tables: Tables, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const standings = await standingById(tables, ids);
  return new Set([...standings.values()].filter(({ standing }) => standing === 'missing').map(({ id }) => id));
}

/** The closing query is right where it contradicts the insert. */
export function takenBack(user: UserOutcome, missing: ReadonlySet<string>): UserOutcome {
  return user.outcome === 'inserted' && missing.has(user.id ?? '') ? { ...user, outcome: 'suppressed' } : user;
}

/** The numbers of a scope that is these users, so that its table adds up as any other. */
export function measureOfNamed(seen: readonly UserOutcome[]): Measure {
  const count = (outcome: UserOutcome['outcome'], why: UserOutcome['why'] = null) =>
    seen.filter((user) => user.outcome === outcome && user.why === why).length;
  return {
    clock: { cutoff: '', future: '' },
    sourceTotal: seen.length - count('no_such_user'),
    sourceEmpty: false,
    targetEmpty: false,
    missing: count('missing'),
    oldest: null,
    newest: null,
    excluded: {
      deleted: count('excluded', 'deleted'),
      anonymous: count('excluded', 'anonymous'),
      sso: count('excluded', 'sso'),
      filtered: count('excluded', 'filtered'),
      grace: 0,
    },
    stale: null,
    orphans: null,
    sample: [],
    breakdown: null,
  };
}

async function standingById(tables: Tables, ids: readonly string[]): Promise<Map<string, Standing>> {
  const standings = await tables.stand(ids);
  return new Map(standings.map((standing) => [standing.id, standing]));
}

const NOTHING = { why: null, code: null, constraint: null, column: null } as const;

function asSeen(id: string, seen: Standing | undefined): UserOutcome {
  switch (seen?.standing) {
    case 'present':
      return { ...NOTHING, id, outcome: 'already_present' };
    case 'missing':
      return { ...NOTHING, id, outcome: 'missing' };
    case 'excluded':
      return { ...NOTHING, id, outcome: 'excluded', why: seen.why };
    default:
      return { ...NOTHING, id, outcome: 'no_such_user' };
  }
}

const NAMES = {
  inserted: 'inserted',
  alreadyPresent: 'already_present',
  vanished: 'no_such_user',
  excluded: 'excluded',
  suppressed: 'suppressed',
} as const;

function written(user: UserOutcome, outcome: Outcome | undefined): UserOutcome {
  // Missing, handed over, and then the run was stopped.
  if (!outcome) return user.outcome === 'missing' ? { ...user, outcome: 'unresolved' } : user;
  if (outcome.kind !== 'failed') return { ...user, outcome: NAMES[outcome.kind] };
  const { code, constraint, column } = outcome;
  return { ...user, outcome: 'failed', code, constraint, column };
}
