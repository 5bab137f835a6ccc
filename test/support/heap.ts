import { expect } from 'vitest';
import type { Port } from '../../src/port.ts';
import type { Report } from '../../src/report.ts';
import { idsIn, until } from './app.ts';
import type { TestDatabase } from './database.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Asked, run } from './job.ts';
import { eachMissing } from './on-tables.ts';

/** Begins the look at the heap, and after it each epoch. */
export const EPOCH = /enable_hashjoin/;
/** Reads users in the order in which they lie; comes by once per read of its cursor. */
export const AS_THEY_LIE = /u\.ctid > \$4::tid/;
/** Reads users by id, as above. */
export const BY_ID = /order by u\.id limit \$1/;
/** Inserts users whose places are known. */
export const PLACED = /::tid\[\]\) as placed/;
/** Waits until all that was written is safe. */
export const SAFE = /pg_logical_emit_message\(true/;

/** A backfill, whom its reader handed out, and what it sent. */
export interface Seen {
  report: Report;
  handedOut: readonly string[];
  texts: readonly string[];
}

/** Runs a backfill through a proxy, which `prepare` may tell to lose or to do something. */
export async function backfill(
  asked: Omit<Asked, 'transport'>,
  prepare: (proxy: FaultProxy) => unknown = () => {},
): Promise<Seen> {
  await using proxy = await startFaultProxy(asked.url);
  prepare(proxy);
  const handedOut: string[] = [];
  const seen = eachMissing((ids) => {
    handedOut.push(...ids);
    return ids;
  });
  const wrap = (port: Port) => seen(asked.wrap?.(port) ?? port);
  const report = await run('backfill', { ...asked, transport: 'postgres', url: proxy.via(asked.url), wrap });
  return { report, handedOut, texts: [...proxy.texts] };
}

/** Those who were missing, and nobody else, were handed out once and written once, and everybody has a row. */
export async function expectEachOnce(db: TestDatabase, seen: Seen, missing: readonly string[]): Promise<void> {
  const { length } = missing;
  expect(seen.report).toMatchObject({
    verdict: 'repaired',
    drift: { missing: length },
    repair: { scanned: length, inserted: length },
    residual: { missing: 0 },
  });
  expect(seen.handedOut.toSorted()).toEqual(missing);
  expect(await idsIn(db)).toEqual(await idsIn(db, 'auth.users'));
}

/**
 * Waits until every transaction that began before now has ended, in whatever database: rows that are younger than the oldest
 * one are read by id.
 */
export async function aged(db: TestDatabase): Promise<void> {
  const [now] = await db.query<{ xid: string }>('select pg_current_xact_id()::text as xid');
  await until(db, 'select where pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8', [now?.xid]);
}
