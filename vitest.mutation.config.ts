import { defineConfig } from 'vitest/config';

/** The tests that `npm run test:mutation` breaks the sources for: pure ones, so no PostgreSQL is started for them. */
export default defineConfig({
  test: {
    include: [
      'test/exit-codes.test.ts',
      'test/{attempts/bisect,http/judge,postgres/call-fault,postgres/sqlstate}.test.ts',
      'test/reconcile/{guard,report,tally,verdict}.test.ts',
    ],
    setupFiles: ['test/support/same-numbers.ts'],
  },
});
