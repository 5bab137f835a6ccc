import { describe, expect, test } from 'vitest';
import type { WriteFlags } from '../../src/commands/flags.ts';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Facts, RepairFunction } from '../../src/facts.ts';
import type { Fault } from '../../src/fault.ts';
import type { Measure } from '../../src/port.ts';
import { guard } from '../../src/reconcile/guard.ts';
import type { Command } from '../../src/reconcile/job.ts';
import { Run } from '../../src/reconcile/report.ts';
import { facts, OUTWARD } from '../support/facts.ts';
import { measure } from '../support/measure.ts';

type Asked = { command?: Command; limits?: object; flags?: Partial<WriteFlags>; seen?: Facts };

/** What the guard says to a run that is asked for as a person would: by command, configuration and flags. */
function judge(measured: Measure, { command = 'sync', limits = {}, flags = {}, seen = facts() }: Asked = {}) {
  const config = parseConfig(JSON.stringify({ target: 'public.users', limits }), 'test');
  const given = { json: false, quiet: false, ids: true, maxDrift: 0, transport: 'postgres', ...flags } as const;
  return guard(measured, new Run('TEST', plan(command, config, given)).job, seen);
}

/** The number that a refusal tells a person to type after a flag. */
function numberFor(flag: string, refusal: Fault | null): number {
  const [, number] = new RegExp(`${flag} (\\d+)`).exec(refusal?.fix ?? '') ?? [];
  return Number(number);
}

describe('an empty source', () => {
  const emptied = measure({ sourceTotal: 0, sourceEmpty: true, targetEmpty: false });

  test.each(['check', 'sync', 'backfill'] as const)('beside rows is refused to %s', (command) => {
    const refused = judge(emptied, { command });
    expect(refused).toMatchObject({ code: 'empty_source', verdict: 'refused' });
    expect(refused?.message).toMatch(/auth\.users is empty.*public\.users is not/);
    expect(refused?.fix).toContain('DATABASE_URL');
  });

  test('is a new project when the target is empty too', () => {
    expect(judge({ ...emptied, targetEmpty: true })).toBeNull();
  });

  test('is another thing than an empty target, or than nobody in the scope', () => {
    expect(judge(measure({ targetEmpty: true, sourceTotal: 99, missing: 99 }))).toBeNull();
    expect(judge(measure({ sourceTotal: 0 }))).toBeNull();
  });
});

describe('check', () => {
  test('is refused nothing else', () => {
    const worst = measure({ missing: 1000, stale: 1000 });
    const limits = { share: '0%', shareMinimum: 0, writes: 0, triggers: 0 };
    const seen = facts({ triggers: [OUTWARD] });
    expect(judge(worst, { command: 'sync', limits, seen })).not.toBeNull();
    expect(judge(worst, { command: 'check', limits, seen })).toBeNull();
  });
});

describe('share', () => {
  test('may be as much as the limit, and not one user more', () => {
    expect(judge(measure({ missing: 200 }))).toBeNull();
    expect(judge(measure({ missing: 201 }))).toMatchObject({ code: 'share_limit', verdict: 'refused' });
  });

  test('does not count below the minimum, however large', () => {
    expect(judge(measure({ sourceTotal: 99, missing: 99 }))).toBeNull();
    expect(judge(measure({ sourceTotal: 100, missing: 100 }))).toMatchObject({ code: 'share_limit' });
    expect(judge(measure({ missing: 300 }), { limits: { shareMinimum: 301 } })).toBeNull();
  });

  test.each(['deleted', 'anonymous', 'sso', 'filtered', 'grace'] as const)(
    'is of the users that are expected: one who is %s is not',
    (kind) => {
      expect(judge(measure({ missing: 160 }))).toBeNull();
      const refused = judge(measure({ missing: 160, excluded: { [kind]: 240 } }));
      expect(refused?.message).toContain('160 of 760');
    },
  );

  test('of nobody is nothing', () => {
    const limits = { share: '0%', shareMinimum: 0 };
    expect(judge(measure({ sourceTotal: 0 }), { limits })).toBeNull();
    expect(judge(measure({ sourceTotal: 10 }), { limits })).toBeNull();
    expect(judge(measure({ sourceTotal: 10, missing: 1 }), { limits })).not.toBeNull();
  });

  test('of everybody is not above a limit of 100%', () => {
    expect(judge(measure({ missing: 1000 }), { limits: { share: '100%' } })).toBeNull();
  });

  test('refused: says how many of how many, the share and the limit', () => {
    const refused = judge(measure({ sourceTotal: 2000, missing: 1201 }), { limits: { share: '29%' } });
    expect(refused?.message).toMatch(/^1,201 of 2,000 .* public\.users \(61%\), more than the limit of 29%$/);
  });

  test.each([201, 333, 666, 999, 1000])(
    'refused with %i of 1000: the number it tells to type is just enough',
    (missing) => {
      const measured = measure({ missing });
      const percent = numberFor('--allow-share', judge(measured));
      expect(judge(measured, { flags: { allowShare: percent / 100 } })).toBeNull();
      expect(judge(measured, { flags: { allowShare: (percent - 1) / 100 } })).toMatchObject({ code: 'share_limit' });
    },
  );

  test('refused: both ways on speak of the same tables', () => {
    const flags = { config: 'a.json', key: 'user_id' };
    const fix = judge(measure({ missing: 999 }), { flags })?.fix;
    const again = '--config a.json --key user_id';
    expect(fix).toContain(`userdrift backfill ${again}, or userdrift sync ${again} --allow-share 100%`);
  });

  test('is lifted by a backfill, unless a flag sets it', () => {
    const all = measure({ missing: 1000 });
    expect(judge(all, { command: 'backfill' })).toBeNull();
    expect(judge(all, { command: 'backfill', flags: { allowShare: 0.99 } })).toMatchObject({ code: 'share_limit' });
  });

  test('is looked at in a dry run too', () => {
    expect(judge(measure({ missing: 999 }), { flags: { dryRun: true } })).toMatchObject({ code: 'share_limit' });
  });
});

describe('writes', () => {
  const limits = { share: '100%', writes: 50 };

  test('are inserts and refreshes, as many as the limit', () => {
    expect(judge(measure({ missing: 30, stale: 20 }), { limits })).toBeNull();
    expect(judge(measure({ missing: 30, stale: 21 }), { limits })).toMatchObject({ code: 'writes_limit' });
    expect(judge(measure({ missing: 31, stale: 20 }), { limits })).toMatchObject({ code: 'writes_limit' });
    expect(judge(measure({ missing: 50 }), { limits })).toBeNull();
    expect(judge(measure({ missing: 51 }), { limits })).toMatchObject({ code: 'writes_limit', verdict: 'refused' });
  });

  test('of a shard have its share of the limit, rounded down', () => {
    const flags = { shard: { index: 2, count: 3 } };
    expect(judge(measure({ missing: 16 }), { limits, flags })).toBeNull();
    expect(judge(measure({ missing: 17 }), { limits, flags })?.message).toMatch(/17 rows.*limit of 16$/);
  });

  test.each([
    ['of all', undefined],
    ['of a shard', { index: 1, count: 3 }],
  ])('%s, refused: the number it tells to type is just enough, and has no separators', (_, shard) => {
    const measured = measure({ sourceTotal: 90_000, missing: 60_001 });
    const given = shard ? { shard } : {};
    const refused = judge(measured, { limits, flags: given });
    expect(refused?.message).toContain('60,001 rows');
    const maxWrites = numberFor('--max-writes', refused);
    expect(judge(measured, { limits, flags: { ...given, maxWrites } })).toBeNull();
    expect(judge(measured, { limits, flags: { ...given, maxWrites: maxWrites - 1 } })).not.toBeNull();
  });

  test('refused: both ways on speak of the same tables', () => {
    const fix = judge(measure({ missing: 51 }), { limits, flags: { target: 'app.members' } })?.fix;
    expect(fix).toMatch(
      /userdrift backfill --target app\.members, or userdrift sync --target app\.members --max-writes 51$/,
    );
  });

  test('are lifted by a backfill, unless a flag sets them', () => {
    const many = measure({ missing: 1000 });
    expect(judge(many, { command: 'backfill', limits })).toBeNull();
    expect(judge(many, { command: 'backfill', limits, flags: { maxWrites: 999 } })?.code).toBe('writes_limit');
  });
});

describe('what reaches outside the database', () => {
  const limits = { share: '100%', triggers: 10 };
  const within = (trigger: object, missing: number, stale: number | null = null) =>
    judge(measure({ missing, stale }), { limits, seen: facts({ triggers: [{ ...OUTWARD, ...trigger }] }) });

  test('may run as often as the limit, and not once more', () => {
    expect(within({}, 10)).toBeNull();
    expect(within({}, 11)).toMatchObject({ code: 'triggers_limit', verdict: 'refused' });
  });

  test('is counted by what fires it: inserts, refreshes or both', () => {
    expect(within({}, 10, 11)).toBeNull();
    expect(within({ insert: false, update: true }, 11, 10)).toBeNull();
    expect(within({ insert: false, update: true }, 10, 11)?.message).toContain('for 11 rows');
    expect(within({ insert: true, update: true }, 5, 5)).toBeNull();
    expect(within({ insert: true, update: true }, 5, 6)?.message).toContain('for 11 rows');
    expect(within({ insert: true, update: true }, 10)).toBeNull();
    expect(within({ insert: false, update: false }, 1000, 1000)).toBeNull();
  });

  test('does not while it is disabled, and what stays inside does not at all', () => {
    expect(within({ enabled: false }, 1000)).toBeNull();
    expect(within({ outward: false }, 1000)).toBeNull();
  });

  test('refused: names the trigger that would run most often, and both ways on', () => {
    const triggers = [
      { ...OUTWARD, name: 'touch', insert: false, update: true },
      { ...OUTWARD, name: 'welcome' },
      { ...OUTWARD, name: 'inside', update: true, outward: false },
      { ...OUTWARD, name: 'audit', insert: false, update: true },
    ];
    const refused = judge(measure({ sourceTotal: 9000, missing: 1200, stale: 1100 }), {
      limits,
      seen: facts({ triggers }),
    });
    expect(refused?.message).toMatch(/^trigger welcome .* 1,200 rows, more than the limit of 10$/);
    expect(refused?.fix).toMatch(/disable the trigger.*--allow-triggers/);
  });

  test('is refused to a backfill too, and allowed by --allow-triggers, with or without a number', () => {
    const measured = measure({ missing: 11 });
    const seen = facts({ triggers: [OUTWARD] });
    expect(judge(measured, { command: 'backfill', limits, seen })?.code).toBe('triggers_limit');
    expect(judge(measured, { limits, seen, flags: { allowTriggers: true } })).toBeNull();
    expect(judge(measured, { limits, seen, flags: { allowTriggers: 11 } })).toBeNull();
    expect(
      judge(measured, { limits: { ...limits, triggers: 100 }, seen, flags: { allowTriggers: 10 } }),
    ).not.toBeNull();
  });

  const overload = {
    arguments: 'uuid',
    kind: 'function',
    takesUuid: true,
    executable: true,
    volatile: true,
    outward: true,
  } as const;
  const repairFunction: RepairFunction = { name: 'public.sync_user', overloads: [overload] };

  test('may be the repair function, which runs for each missing user', () => {
    const seen = facts({ repairFunction });
    expect(judge(measure({ missing: 10, stale: 900 }), { limits, seen })).toBeNull();
    const refused = judge(measure({ missing: 11 }), { limits, seen });
    expect(refused?.message).toMatch(/^function public\.sync_user .* 11 rows, more than the limit of 10$/);
    expect(refused?.fix).toContain('--allow-triggers');
    expect(refused?.fix).not.toContain('disable');
  });

  test('is not a repair function that stays inside, or that no uuid leads to', () => {
    const judged = (change: object) =>
      judge(measure({ missing: 11 }), {
        limits,
        seen: facts({ repairFunction: { ...repairFunction, overloads: [{ ...overload, ...change }] } }),
      });
    expect(judged({ outward: false })).toBeNull();
    expect(judged({ takesUuid: false })).toBeNull();
  });

  test('of trigger and function, the one that would run more often is named', () => {
    const both = (stale: number) =>
      judge(measure({ missing: 20, stale }), {
        limits,
        seen: facts({ triggers: [{ ...OUTWARD, insert: false, update: true }], repairFunction }),
      });
    expect(both(19)?.message).toMatch(/^function/);
    expect(both(21)?.message).toMatch(/^trigger/);
  });

  test('needs no target that could be looked at', () => {
    expect(judge(measure({ missing: 11 }), { limits, seen: { ...facts(), target: null } })).toBeNull();
  });
});
