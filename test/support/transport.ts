export type Transport = 'postgres' | 'http';
export const TRANSPORTS = ['postgres', 'http'] as const;

/** How the runs of a test reach the database that do not say it: `npm run test:system` runs many tests over HTTP, too. */
export const DEFAULT_TRANSPORT: Transport = process.env.USERDRIFT_TEST_TRANSPORT === 'http' ? 'http' : 'postgres';
