import { Fault } from '../fault.ts';

/** By SQLSTATE, else by class: what a person can do about a statement that was refused for good. */
const FIXES: ReadonlyMap<string, { code: string; says: string; fix: string; verdict?: Fault['verdict'] }> = new Map([
  [
    '42501',
    {
      code: 'not_permitted',
      says: 'this role may not',
      fix: 'grant it, or connect as postgres',
      verdict: 'inconclusive',
    },
  ],
  ['25006', { code: 'read_only', says: 'the database is read-only', fix: 'a full disk or a failover does that' }],
  ['53100', { code: 'disk_full', says: 'the disk of the database is full', fix: 'make room, then run it again' }],
  ['57014', { code: 'timeout', says: 'a statement timed out', fix: 'run it again when the database is less busy' }],
  ['28', { code: 'not_allowed_in', says: 'the database no longer lets this role in', fix: 'check DATABASE_URL' }],
]);

/** A Fault for a statement that the database refused, by its SQLSTATE alone: its text quotes rows. */
export function refused(doing: string, state: string, cause: unknown): Fault {
  const known = FIXES.get(state) ?? FIXES.get(state.slice(0, 2));
  if (!known) {
    const fix = `look the code up in the PostgreSQL manual, and see the log of the database for its text`;
    return new Fault('database_error', `the database refused to ${doing} (${state})`, { fix, cause });
  }
  const { code, says, fix, verdict = 'failed' } = known;
  return new Fault(code, `the database refused to ${doing}: ${says} (${state})`, { fix, verdict, cause });
}
