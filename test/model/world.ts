import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { Report } from '../../src/report.ts';
import type { TestDatabase } from '../support/database.ts';
import { run } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';

/** A user of auth.users, as far as the mapping sees it. */
export interface User {
  email: string | null;
  state: 'plain' | 'deleted' | 'anonymous';
}

/** A row of the app. `bio` is the app's own. */
export interface Row {
  email: string | null;
  bio: string | null;
}

/** Two maps by id: what both tables should hold. */
export interface Model {
  users: Map<string, User>;
  rows: Map<string, Row>;
}

const CONFIG = { target: 'public.users', columns: { email: 'u.email' }, grace: '0' };

/** The target has what makes a row fail: a unique mail. It has no foreign key with a cascade to hide orphans behind. */
export const TABLES = `
create table public.users (id uuid primary key, email text unique, bio text);
create sequence public.faults;
create table public.fault (code text, times int);
create function public.fail() returns trigger language plpgsql as $$
declare planned public.fault;
begin
  select * into planned from public.fault;
  -- A sequence counts on although the statement that failed is rolled back.
  if found and nextval('public.faults') <= planned.times then raise exception 'planned' using errcode = planned.code; end if;
  return new;
end $$;
create trigger fail before insert on public.users for each row execute function public.fail();`;

/** The database of one history, and what only it can tell. */
export interface Real {
  db: TestDatabase;
  /** Reports of the runs so far, for the statistics. */
  reports: Report[];
}

export function expected({ users }: Model): string[] {
  return [...users].filter(([, { state }]) => state === 'plain').map(([id]) => id);
}

export function missing(model: Model): string[] {
  const absent = expected(model).filter((id) => !model.rows.has(id));
  return absent.toSorted((a, b) => (a < b ? -1 : 1));
}

/** What one pass does to the rows: every missing user in the order of ids, unless its mail is taken. Returns those refused. */
export function pass(model: Model): string[] {
  const refused: string[] = [];
  for (const id of missing(model)) {
    const { email } = model.users.get(id) ?? { email: null };
    if (email !== null && [...model.rows.values()].some((row) => row.email === email)) refused.push(id);
    else model.rows.set(id, { email, bio: null });
  }
  return refused;
}

export function orphans({ users, rows }: Model): number {
  return [...rows.keys()].filter((id) => !users.has(id)).length;
}

/** An id that anything may happen to; `at` is any number. */
export function pick<T>(map: ReadonlyMap<string, T>, at: number): string | undefined {
  const ids = [...map.keys()];
  return ids[at % ids.length];
}

export function newId(seed: number): string {
  const hex = (seed >>> 0).toString(16).padStart(8, '0');
  return `${hex}${randomUUID().slice(8)}`;
}

export async function rowsOf({ db }: Real): Promise<Map<string, Row>> {
  const rows = await db.query<Row & { id: string }>('select id, email, bio from public.users');
  return new Map(rows.map(({ id, email, bio }) => [id, { email, bio }]));
}

/** Reality is the model, to the last value. */
export async function expectSame(model: Model, real: Real): Promise<void> {
  expect(sorted(await rowsOf(real))).toEqual(sorted(model.rows));
}

function sorted(rows: Map<string, Row>): [string, Row][] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Runs a job on the database of the history. `disturb` is called before each statement that writes. */
export async function runJob(
  command: 'check' | 'sync' | 'backfill',
  real: Real,
  options: { disturb?: () => Promise<void>; stop?: AbortSignal; concurrency?: number; batchSize?: number } = {},
): Promise<Report> {
  const { disturb, stop, concurrency = 1, batchSize = 1000 } = options;
  const report = await run(command, {
    url: real.db.url,
    config: CONFIG,
    flags: command === 'check' ? {} : { concurrency, batchSize, allowShare: true },
    ...(stop && { stop }),
    ...(disturb && { wrap: beforeWrite(disturb) }),
  });
  real.reports.push(report);
  return report;
}
