import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { COMMANDS } from './commands.ts';
import { expectSame, type Model, pass, type Real, runJob, TABLES } from './world.ts';

/** `USERDRIFT_HISTORIES=5000 npx vitest run test/model`: the longer mode. */
const HISTORIES = Number(process.env.USERDRIFT_HISTORIES ?? 100);

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TABLES);
});
afterAll(() => db.drop());

/** Every history begins with nothing and ends with one more run, after which nobody is missing whose mail is free. */
test(
  `${HISTORIES} histories of sign-ups, deletions, app writes, runs, faults and kills`,
  async () => {
    let reports = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 8, size: 'max' }), async (commands) => {
        await db.query(
          'truncate public.users, public.fault; delete from auth.users; alter sequence public.faults restart',
        );
        const real: Real = { db, reports: [] };
        const model: Model = { users: new Map(), rows: new Map() };
        await fc.asyncModelRun(() => ({ model, real }), commands);
        if (model.users.size > 0) {
          const refused = pass(model);
          const last = await runJob('backfill', real);
          expect(last.residual.missing).toBe(refused.length);
          expect(last.exitCode).toBe(refused.length > 0 ? 2 : 0);
          await expectSame(model, real);
          expect((await runJob('backfill', real)).repair.inserted).toBe(0);
        }
        reports += real.reports.length;
      }),
      { numRuns: HISTORIES, endOnFailure: false },
    );
    // A history without a run would prove nothing.
    expect(reports).toBeGreaterThan(HISTORIES);
  },
  HISTORIES * 3000,
);
