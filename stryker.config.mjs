/** Breaks the pure parts that judge errors, refuse runs and word their end, one small change at a time: `npm run test:mutation`. */
export default {
  mutate: [
    'src/exit-codes.ts',
    'src/{attempts/action,attempts/bisect,http/judge,http/refusal,postgres/call-fault,postgres/sqlstate}.ts',
    'src/reconcile/{guard,report,tally,verdict}.ts',
  ],
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts' },
  // Stryker would rewrite paths that leave its copy with the compiler's API, which TypeScript 7 does not have. Ours has none.
  tsconfigFile: 'none',
  concurrency: 2,
  // Where lint and git do not look.
  tempDirName: 'coverage/stryker',
  jsonReporter: { fileName: 'coverage/mutation.json' },
  reporters: ['clear-text', 'json'],
  thresholds: { high: 95, low: 85, break: 85 },
};
