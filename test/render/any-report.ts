import fc from 'fast-check';
import { EXIT_CODES, exitCodeOf, type Verdict } from '../../src/exit-codes.ts';
import type { Note, Report } from '../../src/report.ts';

const VERDICTS = EXIT_CODES.flatMap((row): Verdict[] => [...row.verdicts]);
const BUCKETS = ['inserted', 'alreadyPresent', 'vanished', 'excluded', 'suppressed', 'failed', 'unresolved'] as const;
const count = fc.oneof(fc.constant(0), fc.nat(12), fc.nat(5_000_000));
const maybeCount = fc.option(count);
const moment = fc
  .integer({ min: 0, max: 60 * 86_400 })
  .map((ago) => new Date(1_795_000_000_000 - ago * 1000).toISOString());
const id = fc.uuid();
const starts = fc
  .uniqueArray(fc.integer({ min: 1, max: 9999 }), { maxLength: 60 })
  .map((years) => years.sort((a, b) => a - b).map((year) => `${String(year).padStart(4, '0')}-02-01`));

export const HOSTILE = [
  '::error::pwned',
  'x\n::error::pwned',
  ' ::warning file=a::pwned',
  '##[error]pwned',
  '##vso[task.complete]pwned',
  '\u001b[31mred\u001b[0m',
  '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007',
  'a\u202eb',
  'a\u2066b\u2069',
  'a\u2028b\u2029c',
  'a\r\nb\tc',
  'a\u0085b\u009b31mc',
  'zero\u200bwidth\ufeff',
  'lone\ud800',
  '\u{e0041}tag',
  '用户 表',
  '',
];

/** Names that a database could have if nobody meant harm: short words, some with spaces. */
export const plainName = fc.stringMatching(/^[a-z_]{1,10}( [a-z_]{1,10}){0,4}$/);

/** Names that somebody chose to break a terminal or a log. */
export const hostileName = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.tuple(fc.constantFrom(...HOSTILE), fc.constantFrom(...HOSTILE)).map((pair) => pair.join(' ')),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

const repair = fc
  .tuple(...BUCKETS.map(() => count), count)
  .map(
    ([
      inserted = 0,
      alreadyPresent = 0,
      vanished = 0,
      excluded = 0,
      suppressed = 0,
      failed = 0,
      unresolved = 0,
      refreshed = 0,
    ]) => ({
      scanned: inserted + alreadyPresent + vanished + excluded + suppressed + failed + unresolved,
      inserted,
      alreadyPresent,
      vanished,
      excluded,
      suppressed,
      failed,
      unresolved,
      refreshed,
    }),
  );

const excluded = fc.record({ deleted: count, anonymous: count, sso: count, grace: count, filtered: count });
const unmeasured = { deleted: null, anonymous: null, sso: null, grace: null, filtered: null };

function note(name: fc.Arbitrary<string>): fc.Arbitrary<Note> {
  return fc.record({ code: name, message: name, fix: fc.option(name) });
}

function failure(name: fc.Arbitrary<string>) {
  return fc.record({
    id: fc.option(id),
    op: fc.constantFrom('insert' as const, 'refresh' as const),
    code: fc.constantFrom('23505', '23502', '22001', 'P0001', '99999'),
    constraint: fc.option(name),
    column: fc.option(name),
  });
}

function named(name: fc.Arbitrary<string>) {
  return fc.record({
    id: fc.option(id),
    outcome: fc.constantFrom('inserted' as const, 'missing' as const, 'excluded' as const, 'failed' as const),
    why: fc.option(fc.constantFrom('deleted' as const, 'anonymous' as const)),
    code: fc.option(fc.constantFrom('23505', '23514')),
    constraint: fc.option(name),
    column: fc.option(name),
  });
}

/** Any report that the job could write, its sums right, with names of the given kind. */
export function anyReport(name: fc.Arbitrary<string>): fc.Arbitrary<Report> {
  const parts = fc.record({
    name: fc.record({
      source: name,
      target: name,
      host: fc.option(name),
      database: fc.option(name),
      user: fc.option(name),
      version: fc.option(name),
    }),
    verdict: fc.constantFrom(...VERDICTS),
    command: fc.constantFrom('check' as const, 'sync' as const, 'backfill' as const),
    transport: fc.constantFrom('postgres' as const, 'http' as const),
    dryRun: fc.boolean(),
    scope: fc.record({
      full: fc.boolean(),
      since: fc.option(moment),
      shard: fc.option(fc.constantFrom('1/4', '16/16')),
      users: fc.option(fc.array(id, { maxLength: 5 })),
    }),
    reason: fc.option(
      fc.oneof(
        note(name),
        fc.constantFrom('share_limit', 'empty_source').map((code) => ({ code, message: 'too many', fix: null })),
      ),
    ),
    durationMs: fc.nat(10_000_000),
    graceMs: fc.nat(100_000_000),
    measured: fc.boolean(),
    present: count,
    missing: count,
    excluded,
    drift: fc.record({ stale: maybeCount, orphans: maybeCount, oldest: fc.option(moment), newest: fc.option(moment) }),
    breakdown: fc.option(
      fc.record({
        unit: fc.constantFrom('day' as const, 'month' as const, 'year' as const),
        starts,
        providers: fc.option(fc.uniqueArray(name, { minLength: 1, maxLength: 6 })),
      }),
    ),
    repair,
    residual: fc.record({ missing: maybeCount, stale: maybeCount, arrived: maybeCount, oldest: fc.option(moment) }),
    failures: fc.array(failure(name), { maxLength: 20 }),
    unlisted: count,
    users: fc.option(fc.array(named(name), { maxLength: 6 })),
    sample: fc.array(id, { maxLength: 5 }),
    causes: fc.array(note(name), { maxLength: 2 }),
    warnings: fc.array(note(name), { maxLength: 2 }),
    rowsPerSecond: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true })),
    statement: fc.option(fc.array(name, { maxLength: 5 }).map((lines) => lines.join('\n'))),
  });
  return parts.map(({ name: names, measured, present, missing, unlisted, breakdown, ...rest }) => ({
    ...rest,
    version: 1,
    tool: { version: '0.1.0' },
    runId: '01JD4Q8ZK3T5W7X9Y1A2B3C4D5',
    exitCode: exitCodeOf(rest.verdict),
    startedAt: '2026-11-16T12:00:00.000Z',
    database: { host: names.host, name: names.database, user: names.user, serverVersion: names.version },
    target: names.target,
    source: { name: names.source, total: measured ? present + missing + sumOf(rest.excluded) : null },
    drift: { ...rest.drift, missing: measured ? missing : null, ...brokenDown(measured ? missing : null, breakdown) },
    excluded: measured ? rest.excluded : unmeasured,
    failuresTotal: rest.failures.length + unlisted,
    batches: { count: 1, retried: 0, split: 0 },
  }));
}

/** Both ways to break the missing down, each with the right sum. */
function brokenDown(
  missing: number | null,
  how: { unit: 'day' | 'month' | 'year'; starts: string[]; providers: string[] | null } | null,
): Pick<Report['drift'], 'missingByTime' | 'missingByProvider'> {
  if (missing === null || how === null) return { missingByTime: null, missingByProvider: null };
  const [unknown = 0, ...counts] = shares(missing, how.starts.length + 1);
  const [others = 0, ...providers] = shares(missing, how.providers?.length ?? 1);
  return {
    missingByTime: {
      unit: how.unit,
      counts: how.starts.flatMap((start, index) => (counts[index] ? [{ start, missing: counts[index] }] : [])),
      unknown,
    },
    missingByProvider:
      how.providers &&
      [
        ...how.providers.slice(1).map((provider, index) => ({ provider, missing: providers[index] ?? 0 })),
        { provider: 'other', missing: others },
      ].filter((each) => each.missing > 0),
  };
}

/** `total` in `count` parts that add up to it, each half of what is left. */
function shares(total: number, count: number): number[] {
  let left = total;
  const parts = Array.from({ length: count - 1 }, () => {
    const part = Math.ceil(left / 2);
    left -= part;
    return part;
  });
  return [left, ...parts];
}

function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
