/** A program of somebody who has installed the package: it uses all that the package exports. */
export const CONSUMER = `
import {
  type BackfillOptions, type CheckOptions, type Config, type Connection, Fault, type Log, type Progress, type Report,
  reconcile, reportSchema, type SyncOptions,
} from 'userdrift';
import configSchema from 'userdrift/schema.json' with { type: 'json' };

const connection: Connection = { databaseUrl: process.env.URL ?? '' };
const config: Config = { target: 'public.users', columns: { email: 'u.email' }, grace: '0' };
const log: Log = console;
const check: CheckOptions = { connection, config };
const sync: SyncOptions = { ...check, onProgress: ({ done, total }: Progress) => void (done + total) };
const backfill: BackfillOptions = { connection: { databaseUrl: 'nonsense' }, log };

const report: Report = await reconcile('check', check);
const missing: number | null = report.drift.missing;
const repaired = reportSchema.parse(await reconcile('sync', sync)).verdict;
const code = await reconcile('backfill', backfill).catch((error: unknown) => (error instanceof Fault ? error.code : ''));
process.stdout.write(JSON.stringify({ missing, repaired, code, schema: configSchema.title }));
`;
