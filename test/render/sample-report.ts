import type { Report } from '../../src/report.ts';

export const ID = '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10';
export const OTHER_ID = '7c1de2a4-93b5-4f0e-8a66-1f2e3d4c5b6a';

const NOTHING_DONE: Report['repair'] = {
  scanned: 0,
  inserted: 0,
  refreshed: 0,
  alreadyPresent: 0,
  vanished: 0,
  excluded: 0,
  suppressed: 0,
  failed: 0,
  unresolved: 0,
};

/** A check that found 214 of 47,334 expected users missing: the numbers of the design's own example. */
export function sampleReport(change: Partial<Report> = {}): Report {
  return {
    version: 1,
    tool: { version: '0.1.0' },
    runId: '01JD4Q8ZK3T5W7X9Y1A2B3C4D5',
    command: 'check',
    transport: 'postgres',
    dryRun: false,
    graceMs: 60_000,
    scope: { full: true, since: null, shard: null, users: null },
    verdict: 'drift',
    exitCode: 2,
    reason: null,
    startedAt: '2026-11-16T12:00:00.000Z',
    durationMs: 612,
    database: { host: 'db.abcdefghijkl.supabase.co', name: 'postgres', user: 'postgres', serverVersion: '17.6' },
    source: { name: 'auth.users', total: 48_210 },
    target: 'public.users',
    drift: {
      missing: 214,
      stale: null,
      orphans: 12,
      oldest: '2026-11-08T07:30:00.000Z',
      newest: '2026-11-16T09:00:00.000Z',
      missingByTime: null,
      missingByProvider: null,
    },
    excluded: { deleted: 131, anonymous: 702, sso: 0, grace: 3, filtered: 40 },
    repair: NOTHING_DONE,
    residual: { missing: null, stale: null, arrived: null },
    failures: [],
    failuresTotal: 0,
    users: null,
    sample: [ID],
    causes: [],
    batches: { count: 0, retried: 0, split: 0 },
    rowsPerSecond: null,
    statement: null,
    warnings: [],
    ...change,
  };
}

/** The sync after it: everything that was missing is there. */
export function repairedReport(change: Partial<Report> = {}): Report {
  return sampleReport({
    command: 'sync',
    verdict: 'repaired',
    exitCode: 0,
    durationMs: 3_420,
    repair: { ...NOTHING_DONE, scanned: 214, inserted: 211, alreadyPresent: 2, vanished: 1 },
    residual: { missing: 0, stale: null, arrived: 0 },
    batches: { count: 1, retried: 0, split: 0 },
    rowsPerSecond: 1_204.4,
    ...change,
  });
}

/** The sync that could not insert four of them. */
export function unrepairedReport(change: Partial<Report> = {}): Report {
  return repairedReport({
    verdict: 'unrepaired',
    exitCode: 2,
    repair: { ...NOTHING_DONE, scanned: 214, inserted: 208, alreadyPresent: 2, suppressed: 1, failed: 3 },
    residual: { missing: 4, stale: null, arrived: 2 },
    failures: [
      { id: ID, op: 'insert', code: '23505', constraint: 'users_email_key', column: null },
      { id: OTHER_ID, op: 'insert', code: '23505', constraint: 'users_email_key', column: null },
      {
        id: '91c0ffee-0000-4000-8000-000000000001',
        op: 'insert',
        code: '23502',
        constraint: null,
        column: 'display_name',
      },
    ],
    failuresTotal: 3,
    ...change,
  });
}

/** A run that stopped before it could count anything. */
export function blindReport(change: Partial<Report> = {}): Report {
  return sampleReport({
    source: { name: 'auth.users', total: null },
    drift: {
      missing: null,
      stale: null,
      orphans: null,
      oldest: null,
      newest: null,
      missingByTime: null,
      missingByProvider: null,
    },
    excluded: { deleted: null, anonymous: null, sso: null, grace: null, filtered: null },
    sample: [],
    ...change,
  });
}
