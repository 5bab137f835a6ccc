import { expect } from 'vitest';
import type { WriteFlags } from '../../src/commands/flags.ts';
import { renderJson } from '../../src/render/json.ts';
import { renderLine } from '../../src/render/line.ts';
import { renderText } from '../../src/render/text.ts';
import type { Report } from '../../src/report.ts';
import type { TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { expectNoCanary } from '../support/people.ts';
import { DEFAULT_TRANSPORT } from '../support/transport.ts';
import { rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectInit, expectInitSyncs } from './expect-init.ts';
import { type Answer, consult, keyOf, type Refusal, type Shape, tallyOf, withoutRow } from './oracle.ts';

type Way = { command: 'sync' | 'backfill'; flags: Partial<WriteFlags>; ordered: boolean };

/** Where users compete for a unique value the order decides who wins: only one writer must agree with the oracle in that. */
const WAYS: readonly [Way, Way, Way] = [
  { command: 'sync', flags: { allowShare: true, batchSize: 3, concurrency: 1 }, ordered: true },
  { command: 'backfill', flags: { batchSize: 1000, concurrency: 3 }, ordered: true },
  { command: 'sync', flags: { allowShare: true, batchSize: 3, concurrency: 3 }, ordered: false },
];

/** In-grace users are due for the oracle, so they are for the job. */
const GRACE = '0s';

let turns = 0;

/** As `expectTwin`, for the many: in order with small batches, and by turns on one of the other ways, once. */
export function expectTwinBriefly(twins: Twins, shape: Shape): Promise<void> {
  turns += 1;
  return expectTwin(twins, shape, [WAYS[0], WAYS[1 + (turns % 2)] ?? WAYS[0]]);
}

/** The job does to one twin what the oracle does to the other, one user at a time; on all ways the job can go. */
export async function expectTwin({ job, oracle }: Twins, shape: Shape, ways: readonly Way[] = WAYS): Promise<void> {
  await Promise.all([make(job, shape), make(oracle, shape)]);
  const before = await tablesOf(oracle, shape);
  const proposed = DEFAULT_TRANSPORT === 'http' ? null : await expectInit(job, shape, ways === WAYS);
  const { answer, after } = await ask(oracle, shape);
  for (const [turn, way] of ways.entries()) {
    if (turn > 0) await make(job, shape);
    expect(await tablesOf(job, shape), 'the job starts from the same rows').toEqual(before);
    if (turn === 0) await expectLook(job, shape, answer.tried);
    const report = await expectRepair(job, shape, way, answer, after);
    if (turn === 0 || ways === WAYS) await expectNothingMore(job, shape, way, report);
  }
  if (proposed === null || ways !== WAYS) return;
  await make(job, shape);
  await expectInitSyncs(job, proposed);
}

/** A table that a writer must leave alone: `refused` is the code, `fix` matches what would help. */
export interface Refused extends Shape {
  refused: string;
  fix: RegExp;
  /** Is the fix a statement, after which all goes as usual? */
  curable?: boolean;
}

/** Check counts, with a warning; sync and backfill are refused before the first write. */
export async function expectRefused({ job, oracle }: Twins, shape: Refused): Promise<void> {
  await Promise.all([make(job, shape), make(oracle, shape)]);
  const stored = await storedOf(job, shape);
  await expectLook(
    job,
    { ...shape, warnings: [...(shape.warnings ?? []), shape.refused] },
    await withoutRow(job, shape),
  );
  let fix = '';
  for (const { command, flags } of [WAYS[0], WAYS[1]]) {
    const report = await run(command, { url: job.url, config: configOf(shape), flags });
    expectDiscreet(report);
    expect(report).toMatchObject({ verdict: 'refused', exitCode: 4, reason: { code: shape.refused } });
    expect(report.repair.scanned).toBe(0);
    fix = report.reason?.fix ?? '';
    expect(fix).toMatch(shape.fix);
  }
  expect(await storedOf(job, shape)).toEqual(stored);
  if (!shape.curable) return;
  for (const db of [job, oracle]) await db.queryAsPostgres(fix);
  const { answer, after } = await ask(oracle, shape);
  await expectRepair(job, shape, WAYS[0], answer, after);
}

async function make(db: TestDatabase, { ddl, before, config }: Shape): Promise<void> {
  await db.query('drop schema public cascade; create schema public authorization postgres');
  await db.queryAsPostgres(ddl);
  await db.queryAsPostgres(before ?? rowsOfTheApp(`${config.target} (${keyOf(config)})`));
}

function configOf({ config }: Shape): object {
  return { grace: GRACE, ...config };
}

async function ask(db: TestDatabase, shape: Shape): Promise<{ answer: Answer; after: Tables }> {
  const answer = await consult(db, shape);
  expect(tallyOf(answer.refused), 'what the oracle ran into').toEqual(shape.fails ?? {});
  expect(answer.swallowed).toHaveLength(shape.swallowed ?? 0);
  expect(answer.inserted.length, 'users the oracle inserted').toBeGreaterThan(0);
  return { answer, after: await tablesOf(db, shape) };
}

/** A check names how many the oracle had to try, and leaves no trace. */
async function expectLook(db: TestDatabase, shape: Shape, tried: readonly string[]): Promise<void> {
  const stored = await storedOf(db, shape);
  const report = await run('check', { url: db.url, config: configOf(shape) });
  expectDiscreet(report);
  expectWarnings(report, shape);
  expect(report).toMatchObject({ verdict: 'drift', exitCode: 2, reason: null });
  expect(report.drift).toMatchObject({ missing: tried.length, orphans: shape.orphans ?? 0 });
  expect(report.sample).toEqual(tried.slice(0, report.sample.length));
  expect(await storedOf(db, shape)).toEqual(stored);
}

async function expectRepair(db: TestDatabase, shape: Shape, way: Way, answer: Answer, after: Tables): Promise<Report> {
  const untouched = await storedOf(db, shape);
  const report = await run(way.command, { url: db.url, config: configOf(shape), flags: way.flags });
  expectDiscreet(report);
  expect(report.reason).toBeNull();
  expectCounts(report, answer);
  expect(report.drift.orphans).toBe(shape.orphans ?? 0);
  expectWarnings(report, shape);
  const tables = await tablesOf(db, shape);
  if (way.ordered) {
    expect(refusalsOf(report)).toEqual(answer.refused);
    expect(tables).toEqual(after);
  } else {
    expectAlike(refusalsOf(report), answer.refused, tables, after, shape.numbered ?? []);
  }
  const stored = await storedOf(db, shape);
  for (const [at, rows] of untouched.entries()) expect(stored[at]).toEqual(expect.arrayContaining(rows));
  return report;
}

/** A second run tries those who are left, writes nothing and says the same. */
async function expectNothingMore(db: TestDatabase, shape: Shape, way: Way, first: Report): Promise<void> {
  const stored = await storedOf(db, shape);
  const report = await run(way.command, { url: db.url, config: configOf(shape), flags: way.flags });
  expectDiscreet(report);
  expect(report.repair).toMatchObject({ scanned: first.residual.missing, inserted: 0 });
  expect(report.residual).toEqual(first.residual);
  expect(report.exitCode).toBe(first.exitCode);
  expect(refusalsOf(report)).toEqual(refusalsOf(first));
  expect(await storedOf(db, shape)).toEqual(stored);
}

function expectWarnings({ warnings }: Report, shape: Shape): void {
  const codes = new Set(warnings.map(({ code }) => code));
  for (const code of ['mapping_inferred', 'no_run_lock']) codes.delete(code);
  expect(codes).toEqual(new Set(shape.warnings ?? []));
}

/** The report counts as the oracle does; what is left decides the exit code. */
function expectCounts({ repair, residual, exitCode, verdict, failuresTotal }: Report, answer: Answer): void {
  expect(repair).toMatchObject({
    scanned: answer.tried.length,
    inserted: answer.inserted.length,
    failed: answer.refused.length,
    suppressed: answer.swallowed.length,
    refreshed: 0,
    alreadyPresent: 0,
    vanished: 0,
    excluded: 0,
    unresolved: 0,
  });
  expect(failuresTotal).toBe(answer.refused.length);
  expect(residual).toMatchObject({ missing: answer.left.length, arrived: 0 });
  const clean = answer.left.length === 0;
  expect({ verdict, exitCode }).toEqual(
    clean ? { verdict: 'repaired', exitCode: 0 } : { verdict: 'unrepaired', exitCode: 2 },
  );
}

/** What holds whoever of two rivals comes first: as many losers, and everybody else as the oracle says. */
function expectAlike(refused: Refusal[], byOracle: Refusal[], tables: Tables, after: Tables, numbered: string[]): void {
  expect(tallyOf(refused)).toEqual(tallyOf(byOracle));
  const rivals = new Set(
    [...refused, ...byOracle].filter(({ code }) => /^23(505|P01)$/.test(code)).map(({ id }) => id),
  );
  const others = (refusals: Refusal[]) => refusals.filter(({ id }) => !rivals.has(id));
  expect(others(refused)).toEqual(others(byOracle));
  const rest = (rows: string[]) =>
    rows
      .filter((row) => ![...rivals].some((id) => row.includes(id)))
      .map((row) => JSON.stringify(JSON.parse(row), (name, value) => (numbered.includes(name) ? null : value)))
      .sort((a, b) => (a < b ? -1 : 1));
  expect(tables.map(rest)).toEqual(after.map(rest));
  expect(tables.map((rows) => rows.length)).toEqual(after.map((rows) => rows.length));
}

function refusalsOf({ failures }: Report): Refusal[] {
  const refusals = failures.map(({ id, code, constraint, column }) => ({ id: String(id), code, constraint, column }));
  return refusals.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The rows of each table of the shape, as the server prints them. */
type Tables = string[][];

async function tablesOf(db: TestDatabase, { config, also = [], own = [] }: Shape): Promise<Tables> {
  return Promise.all(
    [config.target, ...also].map(async (table) => {
      const rows = await db.query<{ row: string }>(
        `select (to_jsonb(t) - $1::text[])::text as row from ${table} t order by 1`,
        [own],
      );
      return rows.map(({ row }) => row);
    }),
  );
}

/** The same as they are stored: an update that changes nothing would show. */
async function storedOf(db: TestDatabase, { config, also = [] }: Pick<Shape, 'config' | 'also'>): Promise<Tables> {
  return Promise.all(
    [config.target, ...also].map(async (table) => {
      const [relation] = await db.query<{ unstored: boolean }>(
        `select relkind in ('v', 'f') as unstored from pg_class where oid = $1::regclass`,
        [table],
      );
      const place = relation?.unstored ? 'null' : 't.tableoid, t.ctid, t.xmin, t.xmax';
      const rows = await db.query<{ row: string }>(
        `select concat_ws(' ', ${place}, t::text) as row from ${table} t order by 1`,
      );
      return rows.map(({ row }) => row);
    }),
  );
}

/** No personal detail, nothing that a terminal or a CI log would act on, whatever the report is printed as. */
export function expectDiscreet(report: Report, widths: readonly number[] = [100]): void {
  const json = renderJson(report);
  expect(JSON.parse(json)).toEqual(report);
  const pages = widths.flatMap((width) =>
    [true, false].map((unicode) => renderText(report, { color: false, unicode, width })),
  );
  for (const text of [json, renderLine(report, true), ...pages]) {
    expectNoCanary(text);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    expect(text).not.toMatch(/^\s*::|##\w*\[/m);
  }
  expect(renderText(report, { color: false, unicode: false, width: 100 })).not.toMatch(/[^\x20-\x7e\n]/);
}
