import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** What needs programs from Debian or much time: `npm run test:system`. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['test/system/**/*.test.ts'],
    exclude: [],
    globalSetup: ['test/system/requirements.ts', 'test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
