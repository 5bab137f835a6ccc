import { describe, expect, it } from 'vitest';
import { runsIn } from '../../src/history/rows.ts';
import { GOOD_RUN } from './any-run.ts';

/** As PostgreSQL writes it in JSON. */
const ROW = {
  run_id: GOOD_RUN.runId,
  started_at: '2026-11-16T09:00:00.000001+01:00',
  duration_ms: 1000,
  tool_version: '0.1.0',
  command: 'sync',
  transport: 'postgres',
  target: 'public.users',
  dry_run: false,
  full_scope: true,
  since: null,
  shard: null,
  named_users: null,
  verdict: 'in_sync',
  exit_code: 0,
  reason: null,
  source_total: 48_210,
  missing: 0,
  stale: null,
  orphans: 0,
  oldest: null,
  inserted: 0,
  refreshed: 0,
  failed: 0,
  residual: 0,
  residual_stale: 0,
  arrived: 0,
};

describe('the rows of a history', () => {
  it('are runs, with times in UTC', () => expect(runsIn([ROW])).toEqual([GOOD_RUN]));

  it('may have columns of a later version', () => expect(runsIn([{ ...ROW, later: 1 }])).toEqual([GOOD_RUN]));

  it('are left out where a later version speaks in words of its own, and where they are none', () => {
    const odd = [
      { ...ROW, verdict: 'splendid' },
      { ...ROW, missing: -1 },
      { ...ROW, started_at: 'infinity' },
      null,
      'row',
    ];
    expect(runsIn([...odd, ROW])).toEqual([GOOD_RUN]);
    for (const answer of [null, undefined, {}, 'text', 7]) expect(runsIn(answer)).toEqual([]);
  });
});
