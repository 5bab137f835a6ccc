import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';
import { type Ended, Run, reportOf, withoutIds } from '../../src/reconcile/report.ts';
import { Interruption } from '../../src/reconcile/stop.ts';
import { type Report, reportSchema } from '../../src/report.ts';
import { anyReport, plainName } from '../render/any-report.ts';
import { facts, SWITCHED_OFF } from '../support/facts.ts';
import { measure } from '../support/measure.ts';

const IDS = ['0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10', '7c1de2a4-93b5-4f0e-8a66-1f2e3d4c5b6a'];

function runOf({ config = { target: 'public.users' }, flags = {}, command = 'sync' as 'check' | 'sync' } = {}) {
  const given = { json: false, quiet: false, ids: true, maxDrift: 0, transport: 'postgres', ...flags } as const;
  return new Run('01JD4Q8Z', plan(command, parseConfig(JSON.stringify(config), 'test'), given));
}

/** The report, held to its own schema. */
function told(run: Run, ended: Ended = { verdict: 'in_sync' }): Report {
  return reportSchema.parse(reportOf(run, ended, '1.2.3'));
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-16T12:00:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a run that has learned nothing yet', () => {
  const report = () => told(runOf({ config: {} as { target: string } }), { verdict: 'failed' });

  test('says null for what it did not measure, never 0', () => {
    expect(report()).toMatchObject({
      source: { name: 'auth.users', total: null },
      target: '',
      database: { host: null, name: null, user: null, serverVersion: null },
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
      residual: { missing: null, stale: null, arrived: null },
      users: null,
      statement: null,
      rowsPerSecond: null,
    });
  });

  test('says 0 for what it did, and lists nothing', () => {
    const { repair, batches, failuresTotal, failures, sample, causes, warnings } = report();
    expect(new Set(Object.values(repair))).toEqual(new Set([0]));
    expect(batches).toEqual({ count: 0, retried: 0, split: 0 });
    expect(failuresTotal).toBe(0);
    expect([failures, sample, causes, warnings]).toEqual([[], [], [], []]);
  });
});

describe('what was asked for', () => {
  test('is told as it was asked', () => {
    const config = { source: '"Auth".users', target: 'public."Profile"', grace: '5m' };
    expect(told(runOf({ config, flags: { dryRun: true } }))).toMatchObject({
      version: 1,
      tool: { version: '1.2.3' },
      runId: '01JD4Q8Z',
      command: 'sync',
      transport: 'postgres',
      dryRun: true,
      source: { name: '"Auth".users' },
      target: 'public."Profile"',
      graceMs: 300_000,
    });
    expect(told(runOf({ command: 'check' }))).toMatchObject({ command: 'check', dryRun: false });
  });

  test.each([
    ['all', {}, { full: true, since: null, shard: null, users: null }],
    ['a time', { since: '2026-11-01T00:00:00.000Z' }, { full: false, since: '2026-11-01T00:00:00.000Z' }],
    ['a shard', { shard: { index: 2, count: 3 } }, { full: false, shard: '2/3' }],
    ['users', { user: IDS }, { full: false, users: IDS }],
  ])('scope: %s', (_, flags, scope) => {
    expect(told(runOf({ flags })).scope).toMatchObject(scope);
  });
});

describe('the target', () => {
  test('that the database was asked for is told once it is known, and is nothing to work on before', () => {
    const run = runOf({ config: { grace: '5m' } as object as { target: string } });
    expect(() => run.job).toThrow(new TypeError('the target is not known yet'));
    run.direct({ target: { schema: 'public', name: 'profiles' }, key: 'user_id' });
    expect(told(run)).toMatchObject({ target: 'public.profiles', graceMs: 300_000, source: { name: 'auth.users' } });
    expect(run.job).toMatchObject({
      command: 'sync',
      config: { target: { name: 'profiles' }, key: 'user_id', grace: 300_000 },
    });
  });
});

describe('what was seen', () => {
  test('of the server: its name and version, beside the address', () => {
    const run = runOf();
    run.database = { host: 'db.example', name: null, user: 'postgres', serverVersion: null };
    run.see(facts());
    expect(told(run).database).toEqual({ host: 'db.example', name: 'app', user: 'postgres', serverVersion: '17.6' });
    expect(run.facts?.server.database).toBe('app');
  });

  test('of the users: each number in its place', () => {
    const run = runOf();
    run.measured = measure({
      sourceTotal: 48_210,
      missing: 3,
      stale: 4,
      orphans: 5,
      oldest: '2026-11-08T07:30:00.000Z',
      newest: '2026-11-16T09:00:00.000Z',
      excluded: { deleted: 6, anonymous: 7, sso: 8, filtered: 9, grace: 10 },
      sample: IDS,
      breakdown: {
        days: [
          { day: '2026-11-08', missing: 2 },
          { day: null, missing: 1 },
        ],
        providers: [{ provider: 'email', missing: 3 }],
      },
    });
    run.residual = { missing: 1, stale: 2, arrived: 11 };
    expect(told(run)).toMatchObject({
      source: { total: 48_210 },
      drift: {
        missing: 3,
        stale: 4,
        orphans: 5,
        oldest: '2026-11-08T07:30:00.000Z',
        newest: '2026-11-16T09:00:00.000Z',
        missingByTime: { unit: 'day', counts: [{ start: '2026-11-08', missing: 2 }], unknown: 1 },
        missingByProvider: [{ provider: 'email', missing: 3 }],
      },
      excluded: { deleted: 6, anonymous: 7, sso: 8, filtered: 9, grace: 10 },
      residual: { missing: 1, stale: 2, arrived: 11 },
      sample: IDS,
    });
  });

  test('a source that does not tell of providers is broken down by time only', () => {
    const run = runOf();
    run.measured = measure({ breakdown: { days: [], providers: null } });
    expect(told(run).drift).toMatchObject({ missingByTime: { counts: [] }, missingByProvider: null });
    run.measured = measure();
    expect(told(run).drift).toMatchObject({ missing: 0, missingByTime: null, missingByProvider: null });
  });
});

describe('why users are missing', () => {
  function causes(missing: number | null, seen: boolean) {
    const run = runOf();
    if (seen) run.see(facts({ signUps: [SWITCHED_OFF] }));
    if (missing !== null) run.measured = measure({ missing });
    return told(run).causes;
  }

  test('is told with its fix', () => {
    expect(causes(1, true)).toEqual([
      {
        code: 'trigger_disabled',
        message: expect.stringContaining('on_auth_user_created on auth.users is disabled'),
        fix: expect.stringContaining('enable trigger on_auth_user_created'),
      },
    ]);
  });

  test('is no question while nobody is, or nobody has looked', () => {
    expect(causes(0, true)).toEqual([]);
    expect(causes(null, true)).toEqual([]);
    expect(causes(1, false)).toEqual([]);
  });
});

describe('what was done', () => {
  const none = { code: '23514', constraint: 'adult', column: null };

  test('is counted, and its failures are listed', () => {
    const run = runOf();
    run.tally.scan(5);
    run.tally.settle([
      { id: IDS[0] ?? '', kind: 'inserted' },
      { id: IDS[1] ?? '', kind: 'failed', ...none },
    ]);
    run.tally.settleRefresh([{ id: IDS[0] ?? '', kind: 'refreshed' }]);
    run.batches = { count: 3, retried: 2, split: 1 };
    run.transport = 'http';
    run.statement = 'insert';
    run.warnings.push({ code: 'odd', message: 'an oddity', fix: null });
    expect(told(run)).toMatchObject({
      transport: 'http',
      repair: { scanned: 5, inserted: 1, refreshed: 1, failed: 1, unresolved: 3, vanished: 0 },
      failures: [{ id: IDS[1], op: 'insert', ...none }],
      failuresTotal: 1,
      batches: { count: 3, retried: 2, split: 1 },
      statement: 'insert',
      warnings: [{ code: 'odd', message: 'an oddity', fix: null }],
    });
  });

  test('to users that were named is told of each', () => {
    const run = runOf({ flags: { user: IDS } });
    const nothing = { why: null, code: null, constraint: null, column: null };
    run.users = IDS.map((id) => ({ id, outcome: 'inserted', ...nothing }));
    expect(told(run).users).toEqual(run.users);
  });

  test.each([
    [2000, 8],
    [1, 15_000],
    [0, null],
  ])('in %i ms is %s rows per second: inserts and refreshes, in whole rows', (repairMs, speed) => {
    const run = runOf();
    run.tally.scan(30);
    run.tally.settle(Array.from({ length: 10 }, () => ({ id: '', kind: 'inserted' })));
    run.tally.settle(Array.from({ length: 20 }, () => ({ id: '', kind: 'vanished' })));
    run.tally.settleRefresh(Array.from({ length: 5 }, () => ({ id: '', kind: 'refreshed' })));
    run.repairMs = repairMs;
    expect(told(run).rowsPerSecond).toBe(speed);
  });

  test('stays as it was told, whatever the run does afterwards', () => {
    const run = runOf({ flags: { user: IDS } });
    const report = reportOf(run, { verdict: 'in_sync' }, '1.2.3');
    run.batches.count += 1;
    run.tally.scan(1);
    expect(report).toMatchObject({ batches: { count: 0 }, repair: { scanned: 0 } });
  });
});

describe('the time', () => {
  test('is taken from start to report', () => {
    const run = runOf();
    vi.advanceTimersByTime(612);
    expect(told(run)).toMatchObject({ startedAt: '2026-11-16T12:00:00.000Z', durationMs: 612 });
  });

  test('never runs backwards, even if a clock was set', () => {
    const run = runOf();
    vi.setSystemTime('2026-11-16T11:00:00.000Z');
    expect(told(run).durationMs).toBe(0);
  });
});

describe('the end', () => {
  test.each([
    ['in_sync', 0],
    ['repaired', 0],
    ['drift', 2],
    ['unrepaired', 2],
  ] as const)('%s: %i, for no other reason', (verdict, exitCode) => {
    expect(told(runOf(), { verdict })).toMatchObject({ verdict, exitCode, reason: null });
  });

  test.each([
    ['failed', 1],
    ['inconclusive', 1],
    ['busy', 3],
    ['refused', 4],
  ] as const)('%s: %i, and the fault is the reason', (verdict, exitCode) => {
    const reason = new Fault('some_code', 'what is wrong', { verdict, fix: 'what to do' });
    expect(told(runOf(), { verdict, reason })).toMatchObject({
      verdict,
      exitCode,
      reason: { code: 'some_code', message: 'what is wrong', fix: 'what to do' },
    });
    const bare = new Fault('some_code', 'what is wrong', { verdict });
    expect(told(runOf(), { verdict, reason: bare }).reason?.fix).toBeNull();
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: %i, a partial report, and nothing to mend but to run again', (signal, exitCode) => {
    const report = told(runOf(), { verdict: 'interrupted', reason: new Interruption(signal) });
    expect(report).toMatchObject({ verdict: 'interrupted', exitCode, reason: { code: 'interrupted' } });
    expect(report.reason?.message).toMatch(new RegExp(`${signal}.*partial`));
    expect(report.reason?.fix).toContain('run it again');
  });
});

describe('without ids', () => {
  const ids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
  const blank = (report: Report): unknown =>
    JSON.parse(
      JSON.stringify({ ...report, sample: null, scope: { ...report.scope, users: null } }, (key, value) => {
        return key === 'id' ? null : value;
      }),
    );

  test('there is none left anywhere, and nothing else is lost', () => {
    fc.assert(
      fc.property(anyReport(plainName), (report) => {
        const bare = withoutIds(report);
        reportSchema.parse(bare);
        expect(JSON.stringify(bare)).not.toMatch(ids);
        expect(blank(bare)).toEqual(blank(report));
      }),
    );
  });

  test('it still shows whether users were named, and what became of each', () => {
    const run = runOf({ flags: { user: IDS } });
    expect(withoutIds(told(runOf()))).toMatchObject({ scope: { users: null }, users: null });
    const failed = { outcome: 'failed', why: null, code: '23514', constraint: 'adult', column: null } as const;
    run.users = IDS.map((id) => ({ id, ...failed }));
    run.tally.scan(1);
    run.tally.settle([{ id: IDS[0] ?? '', kind: 'failed', code: '23514', constraint: 'adult', column: null }]);
    run.measured = measure({ sample: IDS });
    const bare = withoutIds(told(run));
    expect(bare.scope.users).toEqual([]);
    expect(bare.users).toEqual(IDS.map(() => ({ id: null, ...failed })));
    expect(bare.failures).toEqual([{ id: null, op: 'insert', code: '23514', constraint: 'adult', column: null }]);
    expect(bare.sample).toEqual([]);
  });
});
