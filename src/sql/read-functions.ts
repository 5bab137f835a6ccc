import { factsSql } from './catalog.ts';
import type { Mapping } from './mapping.ts';
import { measureSql } from './measure.ts';
import { literal } from './name.ts';
import type { Routine } from './routine.ts';
import { EVERYBODY, scopedAtRun } from './scope.ts';
import { missingSql, windowEndSql } from './stream.ts';
import { standingSql } from './write.ts';

/** What the functions take from the configuration and from the source, besides the mapping. */
export interface FunctionOptions {
  /** in milliseconds */
  graceMs: number;
  providers: boolean;
}

/** For servers that take the timeout of a function for that of the call: those of the Data API end at 8 s else. */
const PATIENT = `statement_timeout = '55s'`;

/** Source rows that one call looks through at the most, unless the scope says otherwise. */
const WINDOW_ROWS = 200_000;

/** A key of the scope as SQL. A parameter gives way to a column of its name unless the function stands before it. */
function asked(routine: string): (key: string, type?: string) => string {
  return (key, type) => {
    const text = `${routine}.scope ->> '${key}'`;
    return type ? `(${text})::${type}` : text;
  };
}

/** Ids of missing users in ascending order, in one window of the source; `next` is where the next call begins. */
export function userdriftMissing(mapping: Mapping, hash: string, { graceMs }: FunctionOptions): Routine {
  const scope = asked('userdrift_missing');
  const after = `greatest(userdrift_missing.after, ${scope('from', 'uuid')})`;
  const since = scope('since', 'timestamptz');
  const window = scopedAtRun(after, scope('to', 'uuid'), since);
  const reach = scopedAtRun(after, `coalesce((select reach.upto from reach), ${scope('to', 'uuid')})`, since);
  const rows = `coalesce(${scope('window', 'bigint')}, ${WINDOW_ROWS})`;
  const page = {
    limit: 'userdrift_missing.page',
    cutoff: `coalesce(${scope('cutoff', 'timestamptz')}, now() - ${graceOf(scope, graceMs)} * interval '1 millisecond')`,
    future: `coalesce(${scope('future', 'timestamptz')}, now() + interval '1 day')`,
  };
  return {
    name: 'userdrift_missing',
    parameters: `after uuid default null, page int default 1000, scope jsonb default '{}'`,
    types: 'uuid, int, jsonb',
    kind: 'language sql stable',
    // The bound inside the anti-join is missing for text keys; a scan of the target per window would be quadratic.
    settings: [PATIENT, ...(mapping.keyType === 'text' ? ['enable_seqscan = off'] : [])],
    comment: `userdrift: ids of missing users, one window of the source at a time (mapping ${hash})`,
    body: `
with reach as materialized (
  select (${windowEndSql(mapping, window, rows)})::uuid as upto
),
found as materialized (${missingSql(mapping, reach, page)}
)
select jsonb_build_object(
  'mapping', ${literal(hash)},
  'ids', coalesce((select jsonb_agg(found.id order by found.id::uuid) from found where found.due), '[]'),
  'next', case when (select count(*) from found) >= userdrift_missing.page
    then (select found.id::uuid from found order by 1 desc limit 1)
    else (select reach.upto from reach) end
)`,
  };
}

/**
 * Where both tables stand, as `Measure` describes it. Of the keys `users` and `facts` of the scope, the first that is
 * given asks for something else instead: where these users stand, or what the catalog says.
 */
export function userdriftMeasure(mapping: Mapping, hash: string, options: FunctionOptions): Routine {
  const scope = asked('userdrift_measure');
  const [from, to, since] = [scope('from', 'uuid'), scope('to', 'uuid'), scope('since', 'timestamptz')];
  const bounded = `(coalesce(${scope('from')}, ${scope('to')}) is not null)`;
  const narrowed = `(${since} is not null)`;
  const range = scopedAtRun(from, to, since);
  // Each is planned by itself: all of the source by hash and in parallel, a range along the indexes, a sign-up time by the
  // wide rows, which along an index would be read in random order (1 million users: 13 s instead of 1).
  const looks = [
    { when: `not ${bounded} and not ${narrowed}`, scope: EVERYBODY },
    { when: `${bounded} and not ${narrowed}`, scope: { ...range, since: '' } },
    { when: `not ${bounded} and ${narrowed}`, scope: { ...EVERYBODY, since: range.since } },
    { when: `${bounded} and ${narrowed}`, scope: range },
  ];
  const measure = measureSql({ ...mapping, refresh: [] }, looks, {
    cutoff: `(${scope('cutoff')})`,
    future: `(${scope('future')})`,
    graceMs: graceOf(scope, options.graceMs),
    orphans: `coalesce(${scope('orphans', 'boolean')}, false)`,
    breakdown: { when: `coalesce(${scope('breakdown', 'boolean')}, true)`, providers: options.providers },
  });
  return {
    name: 'userdrift_measure',
    parameters: `scope jsonb default '{}'`,
    types: 'jsonb',
    kind: 'language sql stable',
    settings: [PATIENT, 'jit = off'],
    comment: `userdrift: counts who is missing and why (mapping ${hash})`,
    body: `
select jsonb_build_object('mapping', ${literal(hash)}, 'replica', pg_is_in_recovery()) || case
  when userdrift_measure.scope ? 'users' then (
    select jsonb_build_object('users', coalesce(jsonb_agg(to_jsonb(s) order by s.id), '[]'))
    from (${standingSql(mapping, USERS)}) s
  )
  when ${scope('facts', 'boolean')} then ${factsSql(mapping)}
  else (${measure}
  )
end`,
  };
}

const USERS = `array(select value::uuid from jsonb_array_elements_text(userdrift_measure.scope -> 'users'))`;

function graceOf(scope: ReturnType<typeof asked>, graceMs: number): string {
  return `coalesce(${scope('graceMs', 'float8')}, ${graceMs})`;
}
