import { describe, expect, test } from 'vitest';
import type { Look } from '../../src/render/look.ts';
import { renderText } from '../../src/render/text.ts';
import type { Report, UserOutcome } from '../../src/report.ts';
import { blindReport, ID, OTHER_ID, repairedReport, sampleReport, unrepairedReport } from './sample-report.ts';

const WIDE: Look = { color: false, unicode: true, width: 100 };
const NARROW: Look = { color: false, unicode: false, width: 40 };
const PART = { full: false, since: null, shard: '1/4', users: null };

function text(report: Report, look: Look = WIDE): string {
  return `\n${renderText(report, look)}`;
}

function inSync(change: Partial<Report> = {}): Report {
  const drift = { ...sampleReport().drift, missing: 0, oldest: null, newest: null };
  return sampleReport({ verdict: 'in_sync', exitCode: 0, drift, sample: [], ...change });
}

function user(outcome: UserOutcome['outcome'], change: Partial<UserOutcome> = {}): UserOutcome {
  return { id: ID, outcome, why: null, code: null, constraint: null, column: null, ...change };
}

/** 214 missing users, as the design has them. */
function brokenDown(change: Partial<Report['drift']> = {}): Report['drift'] {
  const counts = [
    { start: '2026-11-14', missing: 61 },
    { start: '2026-11-15', missing: 88 },
    { start: '2026-11-16', missing: 65 },
  ];
  const missingByProvider = [
    { provider: 'email', missing: 190 },
    { provider: 'google', missing: 24 },
  ];
  return { ...sampleReport().drift, missingByTime: { unit: 'day', counts, unknown: 0 }, missingByProvider, ...change };
}

describe('a check', () => {
  test('in sync is two lines', () => {
    expect(text(inSync())).toMatchInlineSnapshot(`
      "
      ✓ IN SYNC  47,334 of 47,334 expected users are in public.users
      in_sync, exit 0, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('in sync keeps its warnings', () => {
    const warnings = [
      {
        code: 'privilege_from_metadata',
        message: 'columns.role takes a privilege from raw_user_meta_data',
        fix: 'take it from raw_app_meta_data',
      },
    ];
    expect(text(inSync({ warnings }))).toMatchInlineSnapshot(`
      "
      ✓ IN SYNC  47,334 of 47,334 expected users are in public.users
        Warning                columns.role takes a privilege from raw_user_meta_data
                               (privilege_from_metadata)
                               fix: take it from raw_app_meta_data
      in_sync, exit 0, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('in sync on request with header and table', () => {
    expect(text(inSync(), { ...WIDE, verbose: true })).toMatchInlineSnapshot(`
      "
      userdrift check   auth.users -> public.users
                        postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✓ IN SYNC  47,334 of 47,334 expected users are in public.users

        auth.users             48,210
          in public.users      47,334
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

      in_sync, exit 0, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('of a part of the users says so', () => {
    expect(text(inSync({ scope: PART }))).toContain(
      '47,334 of 47,334 expected users in this scope are in public.users',
    );
    expect(text(sampleReport({ scope: PART }))).toContain('214 users in this scope are missing');
    expect(text(sampleReport({ scope: PART }))).toContain('Next: userdrift sync --dry-run --shard 1/4\n');
    expect(text(sampleReport({ scope: PART }))).toContain('                  only: shard 1/4\n');
    const since = { ...PART, shard: null, since: '2026-11-01T00:00:00.000Z' };
    expect(text(sampleReport({ scope: since }))).toContain('only: created since 2026-11-01T00:00:00.000Z\n');
  });

  test('with drift that --max-drift tolerates shows it all the same', () => {
    const report = sampleReport({ verdict: 'in_sync', exitCode: 0 });
    expect(text(report)).toContain('47,120 of 47,334 expected users are in public.users (within --max-drift)');
    expect(text(report)).toContain('    missing                 214   oldest 8d 4h');
  });

  test('finds drift', () => {
    const drift = brokenDown();
    const causes = [
      {
        code: 'trigger_disabled',
        message: 'trigger on_auth_user_created on auth.users is disabled',
        fix: 'alter table auth.users enable trigger on_auth_user_created;',
      },
    ];
    expect(text(sampleReport({ drift, causes }))).toMatchInlineSnapshot(`
      "
      userdrift check   auth.users -> public.users
                        postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✗ DRIFT  214 users are missing from public.users

        auth.users             48,210
          in public.users      47,120
          missing                 214   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        Missing by day         2026-11-14     61  ▇▇▇▇▇▇▇▇
                               2026-11-15     88  ▇▇▇▇▇▇▇▇▇▇▇▇
                               2026-11-16     65  ▇▇▇▇▇▇▇▇▇
        Missing by provider    email 190, google 24
        Likely cause           trigger on_auth_user_created on auth.users is disabled
                               fix: alter table auth.users enable trigger on_auth_user_created;
        Sample                 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 and 213 more

      Next: userdrift sync --dry-run
      drift, exit 2, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('finds drift in a narrow window without UTF-8', () => {
    expect(text(sampleReport({ drift: brokenDown() }), NARROW)).toMatchInlineSnapshot(`
      "
      userdrift check
        auth.users -> public.users
        postgres@db.abcdefghijkl.supabase.co
          (PostgreSQL 17.6)

      x DRIFT  214 users are missing from
        public.users

        auth.users           48,210
          in public.users    47,120
          missing               214
              oldest 8d 4h, newest 3h
          not expected          876
              702 anonymous, 131 deleted, 40
              filtered, 3 younger than 60s
        Also
              12 orphans (never touched)

        Missing by day
          2026-11-14     61  ########
          2026-11-15     88  ############
          2026-11-16     65  #########
        Missing by provider
          email 190, google 24
        Sample
          0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10
          and 213 more

      Next: userdrift sync --dry-run
      drift, exit 2, 0.6s, read-only, run
        A2B3C4D5
      "
    `);
  });

  test('shows months and years as such, what is tiny as one mark, and users without a date last', () => {
    const counts = [
      { start: '2024-05-01', missing: 1 },
      { start: '2026-11-01', missing: 1_234_567 },
    ];
    const shown = (unit: 'month' | 'year') =>
      text(
        sampleReport({ drift: brokenDown({ missingByTime: { unit, counts, unknown: 3 }, missingByProvider: null }) }),
      );
    expect(shown('month')).toContain(
      [
        '  Missing by month       2024-05          1  ▇',
        '                         2026-11  1,234,567  ▇▇▇▇▇▇▇▇▇▇▇▇',
        '                         unknown          3  ▇',
        '  Sample ',
      ].join('\n'),
    );
    expect(shown('year')).toContain('  Missing by year        2024             1  ▇\n');
    expect(shown('year')).not.toContain('provider');
  });

  test('sums up what is older than two dozen lines', () => {
    const counts = Array.from({ length: 30 }, (_, index) => ({ start: `${2000 + index}-01-01`, missing: index + 1 }));
    const shown = text(sampleReport({ drift: brokenDown({ missingByTime: { unit: 'year', counts, unknown: 0 } }) }));
    expect(shown).toContain(
      '  Missing by year        earlier     21  ▇▇▇▇▇▇▇▇\n                         2006         7  ▇▇▇\n',
    );
    expect(shown.match(/ ▇+$/gm)).toHaveLength(25);
  });

  test('knows no cause for what a webhook gives away', () => {
    const causes = ['webhook', 'webhook_stock', 'webhook_secret'].map((code) => ({
      code,
      message: `a ${code}`,
      fix: null,
    }));
    expect(text(sampleReport({ causes }))).toMatch(
      /^ {2}Likely cause {11}a webhook\n {2}Risk {19}a webhook_stock\n {2}Risk {19}a webhook_secret$/m,
    );
  });

  test.for<[Report['verdict'], boolean]>([
    ['drift', true],
    ['refused', true],
    ['unrepaired', true],
    ['repaired', false],
    ['in_sync', false],
    ['failed', false],
    ['interrupted', false],
  ])('%s: the missing are broken down? %s', ([verdict, shown]) => {
    const report = repairedReport({ verdict, drift: brokenDown() });
    expect(text(report).includes('Missing by')).toBe(shown);
    expect(text({ ...report, users: [user('missing')] })).not.toContain('Missing by');
  });

  test('finds one user', () => {
    const drift = { ...sampleReport().drift, missing: 1, orphans: 0 };
    expect(text(sampleReport({ drift }))).toContain('✗ DRIFT  1 user is missing from public.users');
    expect(text(sampleReport({ drift }))).toContain(`Sample                 ${ID}\n`);
  });

  test('finds stale rows only', () => {
    const drift = { ...sampleReport().drift, missing: 0, stale: 31, oldest: null, newest: null };
    expect(text(sampleReport({ drift, sample: [] }))).toMatchInlineSnapshot(`
      "
      userdrift check   auth.users -> public.users
                        postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✗ DRIFT  31 users are stale in public.users

        auth.users             48,210
          in public.users      47,334
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            31 stale (refresh columns differ)
                                        12 orphans (never touched)

      Next: userdrift sync --dry-run
      drift, exit 2, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('names every kind of user that is not expected, and leaves the table out of sums it cannot make', () => {
    const excluded = { deleted: 1, anonymous: 2, sso: 3, filtered: 4, grace: 5 };
    const every = '15   2 anonymous, 1 deleted, 3 single sign-on, 4 filtered, 5 younger than 60s';
    expect(text(sampleReport({ excluded })).replace(/\s+/g, ' ')).toContain(every.replace(/\s+/g, ' '));
    const unmeasured = text(sampleReport({ excluded: { ...excluded, sso: null } }));
    expect(unmeasured).toContain('    missing                 214');
    expect(unmeasured).not.toMatch(/in public\.users|not expected/);
  });

  test('does not know how old the oldest is', () => {
    const drift = { ...sampleReport().drift, oldest: null, newest: null };
    expect(text(sampleReport({ drift }))).toContain('214   oldest unknown\n');
  });

  test('claims no proof: it has looked once', () => {
    expect(text(sampleReport({ residual: { missing: 214, stale: null, arrived: 0 } }))).not.toContain('Proof');
  });

  test('shows no id with --no-ids', () => {
    expect(text(sampleReport({ sample: [] }))).not.toContain('Sample');
  });

  test('shows every id of the sample on request', () => {
    const shown = text(sampleReport({ sample: [ID, OTHER_ID] }), { ...WIDE, verbose: true });
    expect(shown).toContain(`Sample                 ${ID}\n                         ${OTHER_ID} and 212 more\n`);
  });

  test('names another database than postgres, and the transport', () => {
    const database = { host: 'localhost', name: 'app', user: 'reader', serverVersion: '17.6' };
    expect(text(sampleReport({ database }))).toContain('reader@localhost/app (PostgreSQL 17.6)\n');
    const http = { host: 'abc.supabase.co', name: null, user: null, serverVersion: null };
    expect(text(sampleReport({ transport: 'http', database: http }))).toContain('  abc.supabase.co over HTTP\n');
  });

  test('could not see', () => {
    const reason = {
      code: 'source_unseen',
      message: 'role app cannot see every row of auth.users (42501)',
      fix: 'connect as postgres',
    };
    expect(text(blindReport({ verdict: 'inconclusive', exitCode: 1, reason }))).toMatchInlineSnapshot(`
      "
      userdrift check   auth.users -> public.users
                        postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ! INCONCLUSIVE  role app cannot see every row of auth.users (42501)

        Fix                    connect as postgres

      inconclusive, exit 1, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });
});

describe('a run that writes', () => {
  test('repaired everything', () => {
    expect(text(repairedReport())).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✓ REPAIRED  211 missing users inserted into public.users

        auth.users             48,210   when the run began
          in public.users      47,120
          missing                 214   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        scanned                   214
          inserted                211
          already present           2   somebody else wrote them meanwhile
          vanished                  1   deleted from auth.users meanwhile

        Proof                  a closing query found 0 missing

      repaired, exit 0, 3.4s, 211 written, 1,204 rows/s, run A2B3C4D5
      "
    `);
  });

  test('refreshed as well', () => {
    const drift = { ...sampleReport().drift, stale: 31 };
    const repair = { ...repairedReport().repair, refreshed: 31 };
    const residual = { missing: 0, stale: 0, arrived: 4 };
    const shown = text(repairedReport({ drift, repair, residual }));
    expect(shown).toContain('✓ REPAIRED  211 missing users inserted into public.users, 31 stale rows refreshed\n');
    expect(shown).toContain('31 stale (refresh columns differ)\n');
    expect(shown).toContain('1 user arrived during this run\n');
    expect(shown).toContain('a closing query found 0 missing and 0 stale\n');
    expect(shown).toContain('repaired, exit 0, 3.4s, 242 written, 1,204 rows/s');
  });

  test('came too late to insert anybody', () => {
    const repair = { ...repairedReport().repair, inserted: 0, alreadyPresent: 213 };
    const shown = text(repairedReport({ repair }));
    expect(shown).toContain('✓ REPAIRED  nothing was left to write to public.users\n');
    expect(shown).toContain('    already present         213');
  });

  test('only refreshed', () => {
    const repair = { ...sampleReport().repair, refreshed: 1 };
    expect(text(repairedReport({ repair }))).toContain('✓ REPAIRED  1 stale row refreshed in public.users\n');
  });

  test('repaired a part', () => {
    expect(text(repairedReport({ scope: PART }))).toContain('public.users; nobody in this scope is missing any more');
  });

  test('left some within --max-drift', () => {
    const residual = { missing: 2, stale: 0, arrived: 0 };
    expect(text(repairedReport({ residual }))).toContain('; 2 still missing (within --max-drift)\n');
  });

  test('found nobody missing any more', () => {
    const repair = { ...repairedReport().repair, inserted: 0, alreadyPresent: 213 };
    const shown = text(repairedReport({ verdict: 'in_sync', repair }));
    expect(shown).toContain('✓ IN SYNC  no expected user is missing from public.users\n');
    expect(shown).toContain('nothing written, run');
  });

  test('found nobody missing at first and one on the way', () => {
    const repair = { ...sampleReport().repair, scanned: 1, alreadyPresent: 1 };
    const residual = { missing: 0, stale: null, arrived: 0 };
    expect(text(inSync({ command: 'sync', repair, residual }))).toContain('  scanned                     1\n');
  });

  test('was in sync is two lines too', () => {
    const residual = { missing: 0, stale: null, arrived: 0 };
    expect(text(inSync({ command: 'sync', residual }))).toMatchInlineSnapshot(`
      "
      ✓ IN SYNC  47,334 of 47,334 expected users are in public.users
      in_sync, exit 0, 0.6s, nothing written, run A2B3C4D5
      "
    `);
  });

  test('could not insert some', () => {
    expect(text(unrepairedReport())).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✗ UNREPAIRED  4 users are still missing from public.users

        auth.users             48,210   when the run began
          in public.users      47,120
          missing                 214   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        scanned                   214
          inserted                208
          already present           2   somebody else wrote them meanwhile
          suppressed                1   a trigger or rule swallowed the row
          failed                    3   the database refused the row

        Failures                    3
          23505                     2   another row already has this value (users_email_key)
                                        e.g. 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10
          23502                     1   a required column got no value (display_name)
                                        e.g. 91c0ffee-0000-4000-8000-000000000001

        Proof                  a closing query found 4 missing

      Next: userdrift sync --user 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10
      unrepaired, exit 2, 3.4s, 208 written, 1,204 rows/s, run A2B3C4D5
      "
    `);
  });

  test('could not insert some, in a narrow window', () => {
    expect(text(unrepairedReport(), { ...NARROW, unicode: true })).toMatchInlineSnapshot(`
      "
      userdrift sync
        auth.users -> public.users
        postgres@db.abcdefghijkl.supabase.co
          (PostgreSQL 17.6)

      ✗ UNREPAIRED  4 users are still missing
        from public.users

        auth.users         48,210
              when the run began
          in public.users  47,120
          missing             214
              oldest 8d 4h, newest 3h
          not expected        876
              702 anonymous, 131 deleted, 40
              filtered, 3 younger than 60s
        Also
              12 orphans (never touched)

        scanned               214
          inserted            208
          already present       2
              somebody else wrote them
              meanwhile
          suppressed            1
              a trigger or rule swallowed the
              row
          failed                3
              the database refused the row

        Failures                3
          23505                 2
              another row already has this
              value (users_email_key)
          e.g.
          0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10
          23502                 1
              a required column got no value
              (display_name)
          e.g.
          91c0ffee-0000-4000-8000-000000000001

        Proof
          a closing query found 4 missing

      Next: userdrift sync --user 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10
      unrepaired, exit 2, 3.4s, 208 written,
        1,204 rows/s, run A2B3C4D5
      "
    `);
  });

  test('could not insert some, and --no-ids', () => {
    const failures = unrepairedReport().failures.map((failure) => ({ ...failure, id: null }));
    const shown = text(unrepairedReport({ failures, sample: [] }));
    expect(shown).not.toContain('e.g.');
    expect(shown).toContain('Next: userdrift sync --user <id>\n');
  });

  test('tells failures apart by constraint and column, the most frequent first', () => {
    const failed = (constraint: string | null, column: string | null) =>
      ({ id: null, op: 'insert', code: '23514', constraint, column }) as const;
    const failures = [failed('a_check', null), failed('b_check', null), failed('b_check', null), failed(null, 'c')];
    const shown = text(unrepairedReport({ failures, failuresTotal: 4 }));
    expect(shown.match(/2 .*\(b_check\)\n.* 1 .*\(a_check\)\n.* 1 .*\(c\)\n/)).not.toBeNull();
  });

  test('sums up what fails in more than ten ways', () => {
    const failures = Array.from({ length: 12 }, (_, index) => ({
      ...{ id: null, op: 'insert' as const, code: '23514', column: null },
      constraint: `check_${index}`,
    }));
    const shown = text(unrepairedReport({ failures, failuresTotal: 12 }));
    expect(shown).toContain('    others                    2   rarer kinds, named in the report\n');
  });

  test('lists fewer failures than there were', () => {
    const shown = text(unrepairedReport({ failuresTotal: 1_203 }));
    expect(shown).toContain('  Failures                1,203\n');
    expect(shown).toContain('    others                1,200   the report lists the first 3 failures\n');
  });

  test('failed to refresh, and the failures say so', () => {
    const failures = [{ id: ID, op: 'refresh' as const, code: '22001', constraint: null, column: null }];
    const residual = { missing: 0, stale: 1, arrived: 0 };
    const shown = text(unrepairedReport({ failures, failuresTotal: 1, residual }));
    expect(shown).toContain('✗ UNREPAIRED  1 user is still stale in public.users\n');
    expect(shown).toContain('a value is too long for its column, while refreshing\n');
    expect(shown).toContain('Next: userdrift doctor\n');
  });

  test('lost users to a trigger', () => {
    const repair = { ...repairedReport().repair, inserted: 210, suppressed: 1 };
    const shown = text(unrepairedReport({ repair, failures: [], failuresTotal: 0 }));
    expect(shown).toContain('    suppressed                1   a trigger or rule swallowed the row\n');
    expect(shown).toContain('Next: userdrift doctor\n');
  });

  test('would insert, in a dry run', () => {
    const statement = [
      'insert into public.users (id, email)',
      'select u.id,',
      '  (u.email)',
      'from auth.users u where u.id = any($1::uuid[]) order by u.id',
      'on conflict (id) do nothing returning id',
      '',
    ].join('\n');
    expect(text(sampleReport({ command: 'sync', dryRun: true, statement }))).toMatchInlineSnapshot(`
      "
      userdrift sync --dry-run   auth.users -> public.users
                                 postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✗ DRIFT  214 users are missing from public.users; nothing written (dry run)

        auth.users             48,210
          in public.users      47,120
          missing                 214   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        Sample                 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 and 213 more

        Would insert 214 users. The statement, once per batch:

          insert into public.users (id, email)
          select u.id,
            (u.email)
          from auth.users u where u.id = any($1::uuid[]) order by u.id
          on conflict (id) do nothing returning id

      Next: userdrift sync
      drift, exit 2, 0.6s, read-only, run A2B3C4D5
      "
    `);
  });

  test('shows no statement where nothing would be written', () => {
    const refused = sampleReport({
      command: 'sync',
      dryRun: true,
      verdict: 'refused',
      exitCode: 4,
      statement: 'insert',
    });
    expect(text(refused)).not.toContain('Would insert');
  });

  test('repaired, and was to fail on any drift', () => {
    const report = repairedReport({ verdict: 'drift', exitCode: 2 });
    expect(text(report)).toContain('✗ DRIFT  214 users were missing from public.users; repaired (--fail-on drift)\n');
    expect(text(report)).not.toContain('Next:');
    const left = unrepairedReport({ verdict: 'drift' });
    expect(text(left)).toContain(
      '214 users were missing from public.users; 4 users are still missing from public.users\n',
    );
    expect(text(left)).toContain(`Next: userdrift sync --user ${ID}\n`);
  });

  test('found the run lock taken', () => {
    const reason = { code: 'busy', message: 'another run holds the run lock; nothing was written', fix: null };
    expect(text(blindReport({ command: 'sync', verdict: 'busy', exitCode: 3, reason }))).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ! BUSY  another run holds the run lock; nothing was written

      Next: userdrift sync --wait 10m
      busy, exit 3, 0.6s, nothing written, run A2B3C4D5
      "
    `);
  });

  test('was refused', () => {
    const reason = {
      code: 'share_limit',
      message: '9,800 of 47,334 expected users are missing from public.users (21%), more than the limit of 20%',
      fix: 'if that is right: userdrift backfill, or userdrift sync --allow-share 21%',
    };
    const drift = { ...sampleReport().drift, missing: 9_800 };
    expect(
      text(sampleReport({ command: 'sync', verdict: 'refused', exitCode: 4, reason, drift })),
    ).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ! REFUSED  9,800 of 47,334 expected users are missing from public.users (21%), more than the limit
        of 20%

        auth.users             48,210   when the run began
          in public.users      37,534
          missing               9,800   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        Sample                 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 and 9,799 more

        Usual                  a first run on an app that already has users, or a long outage of the
                               webhook
                               if that is right: userdrift backfill, or userdrift sync --allow-share 21%
        Dangerous              a wrong target, key or database: rows would be written where nobody wants
                               them
                               look first: userdrift check

      refused, exit 4, 0.6s, nothing written, run A2B3C4D5
      "
    `);
  });

  test.each(['writes_limit', 'triggers_limit', 'empty_source', 'key_not_unique', 'key_not_canonical'])(
    'was refused for %s: what is usual, what is dangerous',
    (code) => {
      const reason = { code, message: 'no', fix: 'the way to allow it' };
      const shown = text(blindReport({ command: 'sync', verdict: 'refused', exitCode: 4, reason }));
      expect(shown).toMatch(
        /^ {2}Usual {18}\S.*\n {25}the way to allow it\n {2}Dangerous {14}\S.*\n {25}look first: userdrift /m,
      );
    },
  );

  test('was refused: what looks first is about the same tables', () => {
    const reason = { code: 'share_limit', message: 'no', fix: 'yes' };
    const report = blindReport({ command: 'sync', verdict: 'refused', exitCode: 4, reason });
    expect(text(report, { ...WIDE, again: ' --config my.json' })).toContain(
      'look first: userdrift check --config my.json\n',
    );
  });

  test('was refused for a reason that explains itself', () => {
    const reason = {
      code: 'insert_rule',
      message: 'public.users has an INSERT rule (r)',
      fix: 'replace it by a trigger',
    };
    const shown = text(blindReport({ command: 'sync', verdict: 'refused', exitCode: 4, reason }));
    expect(shown).toContain(
      '! REFUSED  public.users has an INSERT rule (r)\n\n  Fix                    replace it by a trigger\n',
    );
  });

  test('failed half way', () => {
    const reason = { code: 'deadline', message: 'the deadline of 10m has passed', fix: null };
    const repair = { ...repairedReport().repair, inserted: 100, unresolved: 111 };
    const residual = { missing: null, stale: null, arrived: null };
    expect(text(repairedReport({ verdict: 'failed', exitCode: 1, reason, repair, residual }))).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)

      ✗ FAILED  the deadline of 10m has passed

        auth.users             48,210   when the run began
          in public.users      47,120
          missing                 214   oldest 8d 4h, newest 3h
          not expected            876   702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s
        Also                            12 orphans (never touched)

        scanned                   214
          inserted                100
          already present           2   somebody else wrote them meanwhile
          vanished                  1   deleted from auth.users meanwhile
          unresolved              111   the run ended before their outcome was known

        Proof                  none: the run ended before its closing query, and this report is partial

      Next: userdrift sync
      failed, exit 1, 3.4s, 100 written, 1,204 rows/s, run A2B3C4D5
      "
    `);
  });

  test('failed before it could begin', () => {
    const reason = { code: 'wrong_password', message: 'the password was not accepted', fix: null };
    const shown = text(blindReport({ command: 'backfill', verdict: 'failed', exitCode: 1, reason }));
    expect(shown).toContain('✗ FAILED  the password was not accepted\n\nNext: userdrift doctor\n');
  });

  test.each([
    [130, 'SIGINT'],
    [143, 'SIGTERM'],
  ])('was interrupted with exit %i', (exitCode, signal) => {
    const residual = { missing: null, stale: null, arrived: null };
    const message = `stopped by ${signal}; this report is partial`;
    const reason = { code: 'interrupted', message, fix: 'run it again: what is done stays done' };
    const shown = text(repairedReport({ command: 'backfill', verdict: 'interrupted', exitCode, residual, reason }));
    expect(shown).not.toContain(message);
    expect(shown).toContain('  Fix                    run it again: what is done stays done\n');
    expect(shown).toContain(`! INTERRUPTED  ${signal} stopped the run after 211 inserts; this report is partial\n`);
    expect(shown).toContain('none: the run ended before its closing query, and this report is partial\n');
    expect(shown).toContain(`Next: userdrift backfill\ninterrupted, exit ${exitCode}, `);
  });
});

describe('users asked for by id', () => {
  const scope = { full: false, since: null, shard: null, users: [ID] };

  test('have one line each', () => {
    const users = [
      user('inserted'),
      user('already_present', { id: OTHER_ID }),
      user('excluded', { why: 'anonymous' }),
      user('failed', { code: '23505', constraint: 'users_email_key' }),
      user('failed', { code: '23502', column: 'display_name' }),
      user('suppressed'),
      user('unresolved'),
      user('no_such_user'),
    ];
    const source = { name: 'auth.users', total: null };
    const residual = { missing: 3, stale: null, arrived: 0 };
    expect(text(unrepairedReport({ scope, users, source, residual }))).toMatchInlineSnapshot(`
      "
      userdrift sync   auth.users -> public.users
                       postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)
                       only: 8 users by id

      ✗ UNREPAIRED  3 users in this scope are still missing from public.users

        ✓ 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  inserted
        ✓ 7c1de2a4-93b5-4f0e-8a66-1f2e3d4c5b6a  already present
        ! 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  excluded (anonymous)
        ✗ 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  failed (23505, users_email_key)
        ✗ 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  failed (23502, display_name)
        ✗ 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  suppressed
        ! 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  unresolved
        ✗ 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10  no such user

        Proof                  a closing query found 3 missing

      Next: userdrift sync --user 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 --user 7c1de2a4-93b5-4f0e-8a66-1f2e3d4c5b6a --user 0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10 ...
      unrepaired, exit 2, 3.4s, 208 written, 1,204 rows/s, run A2B3C4D5
      "
    `);
  });

  test('have their id whole in a narrow window', () => {
    expect(text(sampleReport({ scope, users: [user('missing')] }), NARROW)).toContain(`\nx  ${ID}\n    missing\n`);
  });

  test('are counted where nothing else was', () => {
    const shown = text(blindReport({ scope, users: [user('missing'), user('excluded', { why: 'sso' })] }));
    expect(shown).toContain('✗ DRIFT  1 user in this scope is missing from public.users\n');
    expect(shown).toContain(`Next: userdrift sync --user ${ID}\n`);
  });

  test('may all be fine', () => {
    const shown = text(inSync({ scope, users: [user('excluded', { why: 'deleted' })] }));
    expect(shown).toContain('✓ IN SYNC  no expected user in this scope is missing from public.users\n');
    expect(shown).toContain(`  ! ${ID}  excluded (deleted)\n`);
  });

  test('are repeated in the next command of a run that saw none of them', () => {
    const shown = text(blindReport({ command: 'sync', verdict: 'interrupted', exitCode: 130, scope }));
    expect(shown).toContain('only: 1 user by id\n');
    expect(shown).toContain(`Next: userdrift sync --user ${ID}\n`);
    const withheld = blindReport({ verdict: 'interrupted', exitCode: 130, scope: { ...scope, users: [] } });
    expect(text(withheld)).toContain('only: users by id\n');
  });

  test('are numbered with --no-ids', () => {
    const shown = text(sampleReport({ scope: { ...scope, users: [] }, users: [user('missing', { id: null })] }));
    expect(shown).toContain('only: 1 user by id\n');
    expect(shown).toContain('  ✗ user 1  missing\n');
    expect(shown).toContain('Next: userdrift sync --user <id>\n');
  });
});
