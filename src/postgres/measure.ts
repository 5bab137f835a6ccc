import type { ClientBase } from 'pg';
import { Fault } from '../fault.ts';
import type { Clock, Measure, Scope, Writes } from '../port.ts';
import type { Mapping } from '../sql/mapping.ts';
import { measureSql, PARAMETERS } from '../sql/measure.ts';
import { scopedBy } from '../sql/scope.ts';
import { shardBounds } from '../sql/shard.ts';
import type { Server } from './server.ts';
import { proveSource, proveTarget } from './sight.ts';

export interface MeasureOptions {
  writes: Writes;
  rowSecurity: boolean;
  graceMs: number;
  orphans: boolean;
  /** Does the source tell by which provider a user came? */
  providers: boolean;
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
): Promise<Measure> {
  const settings = { statement_timeout: '10min', lock_timeout: '5s', jit: 'off', search_path: '' };
  return server.read(settings, async (client) => {
    await proveSightAgain(client, mapping, options.writes);
    await client.query(`set local row_security = ${options.rowSecurity ? 'on' : 'off'}`);
    const scoped = scopedBy({ ...shardBounds(scope.shard), since: scope.since });
    const text = measureSql(mapping, [{ when: 'true', scope: scoped }], {
      ...PARAMETERS,
      orphans: options.orphans && scope.since === null ? 'true' : null,
      breakdown: clock ? null : { when: 'true', providers: options.providers },
    });
    const values = [clock?.cutoff ?? null, clock?.future ?? null, options.graceMs];
    const { rows } = await client.query<{ measure: Measure }>(text, values);
    const [row] = rows;
    if (!row) throw new TypeError('the measure returned no row');
    return row.measure;
  });
}

async function proveSightAgain(client: ClientBase, mapping: Mapping, writes: Writes): Promise<void> {
  const source = await proveSource(client, mapping.source);
  const target = await proveTarget(client, mapping, writes);
  const { rows } = await client.query<{ replica: boolean }>('select pg_is_in_recovery() as replica');
  if (source.seen && target.seen && rows[0]?.replica === false) return;
  throw new Fault('sight_lost', 'while measuring, this connection could no longer see both tables on a primary', {
    verdict: 'inconclusive',
    fix: 'check the role and where the connection leads, then run it again',
  });
}
