import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

const patient = { ...base.test, exclude: [], testTimeout: 120_000, hookTimeout: 120_000 };

/** What needs programs from Debian or much time, and the acceptance tests of the job once more, over HTTP: `npm run test:system`. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...patient,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          globalSetup: ['test/system/requirements.ts', 'test/support/global-setup.ts'],
        },
      },
      {
        test: {
          ...patient,
          name: 'histories',
          include: ['test/model/histories.test.ts'],
          env: { USERDRIFT_HISTORIES: '300' },
        },
      },
      {
        test: {
          ...patient,
          name: 'http',
          include: ['test/{shapes,model}/*.test.ts', 'test/reconcile/breakdown.test.ts'],
          env: { USERDRIFT_TEST_TRANSPORT: 'http', USERDRIFT_HISTORIES: '200' },
        },
      },
    ],
  },
});
