import { describe, expect, test } from 'vitest';
import { found, lost, pastRun } from '../../scripts/sample-runs.ts';
import type { PastRun } from '../../src/past-run.ts';
import { asAgo, asTime } from '../../src/render/page/times.ts';
import { type Known, verdictOf } from '../../src/render/page/verdict.ts';

const NOW = '2026-11-16T12:10:00.000Z';
const WAITING = { maxAgeMs: 900_000, since: '2026-11-16T08:00:00.000Z' };
const at = (time: string, change: Partial<PastRun> = {}) =>
  pastRun({ startedAt: `2026-11-16T${time}:00.000Z`, durationMs: 1000, ...change });
const check = (missing: number, change: Partial<PastRun> = {}): Partial<PastRun> => ({
  command: 'check',
  missing,
  residual: null,
  verdict: missing > 0 ? 'drift' : 'in_sync',
  exitCode: missing > 0 ? 2 : 0,
  ...change,
});
const part = { full: false, shard: '1/4' };

function verdict(runs: PastRun[], change: Partial<Known> = {}) {
  return verdictOf({
    runs,
    target: 'public.users',
    expectedBy: () => null,
    waiting: WAITING,
    silent: null,
    now: NOW,
    saying: asAgo(NOW),
    ...change,
  });
}

describe('good', () => {
  test('with the number of users where the run that says so is known', () => {
    const expectedBy = (id: string) => (id === at('12:06').runId ? 47_334 : null);
    expect(verdict([at('12:01'), at('12:06')], { expectedBy })).toEqual({
      tone: 'good',
      text: 'All 47,334 expected users are in public.users',
      notes: ['proved 3 minutes ago by sync'],
    });
    expect(verdict([at('12:06')]).text).toBe('All expected users are in public.users');
    expect(verdict([at('12:06')], { expectedBy: () => 1 }).text).toBe('The one expected user is in public.users');
    expect(verdict([at('12:06')], { expectedBy: () => 0 }).text).toBe('No user is expected in public.users');
  });

  test('after a repair: what was missing; the number at its start is none any more', () => {
    expect(verdict([at('12:06', found(214))], { expectedBy: () => 47_334 })).toMatchObject({
      tone: 'good',
      text: 'All expected users are in public.users',
      notes: ['proved 3 minutes ago by sync', '214 were missing, 214 inserted'],
    });
  });

  test('though the run after it failed, which is said', () => {
    expect(verdict([at('12:01'), at('12:06', lost('failed', 'connection_refused'))])).toMatchObject({
      tone: 'good',
      notes: ['proved 8 minutes ago by sync', 'the last run (sync, 3 minutes ago) ended as failed: connection_refused'],
    });
  });

  test('though the run after it left no report, which is said', () => {
    const silent = { command: 'check', at: '2026-11-16T12:08:00.000Z', text: 'it was killed' };
    expect(verdict([at('12:06')], { silent }).notes.at(-1)).toBe('the last run (check, 2 minutes ago): it was killed');
    expect(verdict([at('12:09')], { silent }).notes).toHaveLength(1);
  });

  test('of a part of the users speaks of the part', () => {
    expect(verdict([at('12:06', part)]).text).toBe('No expected user in this scope is missing from public.users');
    expect(verdict([at('12:04'), at('12:06', part)])).toMatchObject({
      text: 'All expected users are in public.users',
      notes: ['proved 5 minutes ago by sync'],
    });
  });
});

describe('of shards', () => {
  const shard = (name: string) => ({ full: false, shard: name });
  const left = { ...found(9, 2), ...shard('2/4') };

  test('what one left stands until it is gone, whatever the others find', () => {
    const runs = [at('12:01', shard('1/4')), at('12:02', left), at('12:03', shard('3/4'))];
    expect(verdict(runs)).toMatchObject({ tone: 'bad', text: '2 users in this scope are missing from public.users' });
    expect(verdict([at('12:00'), ...runs]).tone).toBe('bad');
    expect(verdict([...runs, at('12:04', shard('2/4'))]).tone).toBe('good');
    expect(verdict([...runs, at('12:04')])).toMatchObject({ text: 'All expected users are in public.users' });
  });

  test('those of another number are none of them', () => {
    expect(verdict([at('12:02', left), at('12:03', shard('1/8'))]).tone).toBe('good');
  });
});

describe('bad', () => {
  test.each<[string, Partial<PastRun>, string]>([
    ['by a check', check(12), '12 users are missing from public.users'],
    ['one', check(1), '1 user is missing from public.users'],
    ['after a repair', found(214, 4), '4 users are missing from public.users'],
    ['refused', { ...lost('refused', 'share_limit'), missing: 900 }, '900 users are missing from public.users'],
    ['stale rows', { ...check(0), verdict: 'drift', exitCode: 2, stale: 31 }, '31 rows are stale in public.users'],
    [
      'after --fail-on drift, with a rest',
      { ...found(9, 2), verdict: 'drift' },
      '2 users are missing from public.users',
    ],
    ['in a part', { ...found(9, 2), ...part }, '2 users in this scope are missing from public.users'],
  ])('%s', (_, change, text) => {
    expect(verdict([at('12:04'), at('12:06', change)])).toMatchObject({ tone: 'bad', text });
  });

  test('what the database refused is told', () => {
    expect(verdict([at('12:06', found(214, 4))]).notes).toEqual([
      'counted 3 minutes ago by sync',
      '214 were missing, 210 inserted, 4 refused by the database',
    ]);
  });

  test('tolerated drift is no alarm, and no green', () => {
    expect(verdict([at('12:06', check(3, { verdict: 'in_sync', exitCode: 0 }))])).toMatchObject({
      tone: 'warn',
      text: '3 users are missing from public.users',
      notes: ['counted 3 minutes ago by check', 'that many are allowed (--max-drift)'],
    });
  });

  test('nothing proved for too long, whatever was proved before; the limit itself is too long', () => {
    expect(verdict([at('08:10'), at('12:06', lost('failed', 'connection_refused'))])).toEqual({
      tone: 'bad',
      text: 'Nothing has been proved about public.users for 3 hours',
      notes: ['nobody was missing then', 'the last run (sync, 3 minutes ago) ended as failed: connection_refused'],
    });
    expect(verdict([at('11:55', { durationMs: 0 })]).tone).toBe('bad');
    expect(verdict([at('11:55', { durationMs: 1 })]).tone).toBe('good');
    expect(verdict([at('08:10', check(1))]).notes).toEqual(['1 user was missing then']);
  });

  test('no run at all for too long', () => {
    expect(verdict([])).toMatchObject({ tone: 'bad', text: 'Nothing has been proved since the start 4 hours ago' });
  });
});

describe('not known', () => {
  const young = { waiting: { ...WAITING, since: '2026-11-16T12:09:00.000Z' } };

  test('before the first run', () => {
    expect(verdict([], young)).toEqual({ tone: 'none', text: 'Waiting for the first run', notes: [] });
  });

  test.each<[string, Partial<PastRun>]>([
    ['a run that failed', lost('failed', 'x')],
    ['a run about a single user', { namedUsers: 1 }],
    ['a run about a single user who is missing', { ...found(1, 1), namedUsers: 1 }],
    ['a run that counted nobody and then failed', { ...lost('failed', 'x'), missing: 0 }],
    ['a run that broke off while it wrote', { ...lost('interrupted', 'x'), missing: 214, inserted: 100 }],
    ['a run whose report its exit code belies', { exitCode: 1 }],
    ['busy', { verdict: 'busy', missing: null, residual: null }],
  ])('after %s', (_, change) => {
    expect(verdict([at('12:09', change)], young)).toMatchObject({
      tone: 'warn',
      text: 'Nothing has been proved about public.users yet',
    });
    expect(verdict([at('12:04'), at('12:09', change)], young)).toMatchObject({ tone: 'good' });
  });

  test('after a run that left no report', () => {
    const silent = { command: 'sync', at: NOW, text: 'it was killed' };
    expect(verdict([], { ...young, silent, target: null })).toMatchObject({
      tone: 'warn',
      text: 'Nothing has been proved about the target yet',
    });
  });
});

describe('in a file', () => {
  const file = { waiting: null, saying: asTime, now: '2027-11-16T00:00:00.000Z' };

  test.each(['failed', 'refused', 'interrupted'] as const)('a proof holds until a run %s', (ending) => {
    expect(verdict([at('12:01'), at('12:06', lost(ending, 'some_reason'))], file)).toEqual({
      tone: 'bad',
      text: 'Nothing has been proved about public.users since 2026-11-16 12:01 UTC',
      notes: [
        'nobody was missing then',
        `the last run (sync, at 2026-11-16 12:06 UTC) ended as ${ending}: some_reason`,
      ],
    });
  });

  test('a run that was busy, about single users or about a part takes nothing back', () => {
    expect(verdict([at('12:01'), at('12:06', part)], file).tone).toBe('good');
    const busy = at('12:06', { verdict: 'busy', exitCode: 3, missing: null, residual: null });
    expect(verdict([at('12:01'), busy], file).tone).toBe('good');
    expect(verdict([at('12:01'), at('12:06', { ...lost('failed', 'x'), namedUsers: 1 })], file).tone).toBe('good');
  });
});

test('in a file nothing grows old, and times are times', () => {
  const file = { waiting: null, saying: asTime, now: '2027-11-16T00:00:00.000Z' };
  expect(verdict([at('12:06')], file)).toMatchObject({
    tone: 'good',
    notes: ['proved at 2026-11-16 12:06 UTC by sync'],
  });
  expect(
    verdict([at('12:06')], { now: '2026-11-16T12:00:00.000Z', saying: asAgo('2026-11-16T12:00:00.000Z') }).notes,
  ).toEqual(['proved at 2026-11-16 12:06 UTC by sync']);
});

test('a name from the catalog is made printable', () => {
  expect(verdict([at('12:06')], { target: 'public.a\u202eb' }).text).toContain('public.a\\u{202e}b');
});
