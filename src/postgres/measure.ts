import type { ClientBase } from 'pg';
import { Fault } from '../fault.ts';
import type { Clock, Measure, Scope, Writes } from '../port.ts';
import { type Density, isWalk } from '../sql/counted.ts';
import { HORIZON } from '../sql/heap.ts';
import type { Mapping } from '../sql/mapping.ts';
import { measureSql, PARAMETERS, probeSql } from '../sql/measure.ts';
import { type Scoped, scopedBy } from '../sql/scope.ts';
import { shardBounds } from '../sql/shard.ts';
import type { Server } from './server.ts';
import { proveSource, proveTarget } from './sight.ts';

export interface MeasureOptions {
  writes: Writes;
  rowSecurity: boolean;
  graceMs: number;
  orphans: boolean;
  /** An index leads from an id to its row in the target. */
  indexed: boolean;
  /** Does the source tell by which provider a user came? */
  providers: boolean;
}

/** `horizon` is a transaction: whatever older ones wrote was seen. */
export interface Measured {
  measured: Measure;
  horizon: string;
}

/**
 * Measures both tables in one snapshot. The proof of sight is repeated on this very connection, and that it is no
 * replica: a pooler or a failover may have led somewhere else than preflight looked. Throws a Fault `inconclusive`.
 * Without a clock it is the first measure of a run, which breaks the missing down.
 */
export async function measure(
  server: Server,
  mapping: Mapping,
  scope: Scope,
  clock: Clock | null,
  options: MeasureOptions,
): Promise<Measured> {
  const settings = { statement_timeout: '10min', lock_timeout: '5s', jit: 'off', search_path: '' };
  return server.read(settings, async (client) => {
    const horizon = await proveSightAgain(client, mapping, options.writes);
    await client.query(`set local row_security = ${options.rowSecurity ? 'on' : 'off'}`);
    const scoped = scopedBy({ ...shardBounds(scope.shard), since: scope.since });
    const asked = {
      ...PARAMETERS,
      orphans: options.orphans && scope.since === null ? 'true' : null,
      breakdown: clock ? null : { when: 'true', providers: options.providers },
    };
    const density: Density = options.indexed ? await probe(client, mapping, scoped) : { without: 'few' };
    if (isWalk(density)) await client.query(GROUPS_FIT);
    const text = measureSql(mapping, [{ when: 'true', scope: scoped }], asked, density);
    const values = [clock?.cutoff ?? null, clock?.future ?? null, options.graceMs];
    const { rows } = await client.query<{ measure: Measure }>(text, values);
    const [row] = rows;
    if (!row) throw new TypeError('the measure returned no row');
    return { measured: row.measure, horizon };
  });
}

/**
 * With the default of 4 MB the groups by day, way and class are sorted on disk (500,000 missing: 0.9 s of CPU and 0.6 s). Not
 * where few are missing: a larger hash table leaves the processor's caches (1 million in sync: 0.37 s and 0.52 s).
 */
const GROUPS_FIT = `set local work_mem = '16MB'`;

/** From this share of users without a row on, one pass over the wide rows is faster than a lookup of each. */
const MANY = 0.05;
/**
 * And from this share of missing users on, that pass tells their time and way as well, and does not look each up again: of a
 * million, 100,000 missing take 0.6 s and 1.4 s, with 300,000 others excluded nobody missing takes 0.6 s and 0.5 s.
 */
const MANY_MISSING = 0.01;

/**
 * What the first ids tell of the rest: ids are random, and where they are not, the measure is slower, not wrong. Each of them
 * is looked up: without an index, each look would read all of the target.
 */
async function probe(client: ClientBase, mapping: Mapping, scope: Scoped): Promise<Density> {
  // By sign-up time the measure reads the wide rows in any case.
  if (scope.since !== '') return { without: 'few' };
  const { rows } = await client.query<{ looked: number; without: number; missing: number }>(probeSql(mapping, scope));
  const { looked, without, missing } = rows[0] ?? { looked: 0, without: 0, missing: 0 };
  if (without <= looked * MANY) return { without: 'few' };
  return { without: 'many', missing: missing > looked * MANY_MISSING ? 'many' : 'few' };
}

/** Returns the horizon. */
async function proveSightAgain(client: ClientBase, mapping: Mapping, writes: Writes): Promise<string> {
  const source = await proveSource(client, mapping.source);
  const target = await proveTarget(client, mapping, writes);
  const { rows } = await client.query<{ replica: boolean; horizon: string }>(
    `select pg_is_in_recovery() as replica, ${HORIZON} as horizon`,
  );
  const [here] = rows;
  if (source.seen && target.seen && here?.replica === false) return here.horizon;
  throw new Fault('sight_lost', 'while measuring, this connection could no longer see both tables on a primary', {
    verdict: 'inconclusive',
    fix: 'check the role and where the connection leads, then run it again',
  });
}
