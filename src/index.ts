/** What `import … from 'userdrift'` gives; docs/library.md describes it. */
export type { ConfigInput as Config } from './config/schema.ts';
export { Fault } from './fault.ts';
export type { BackfillOptions, CheckOptions, Connection, Progress, SyncOptions } from './library/options.ts';
export { reconcile } from './library/reconcile.ts';
export { type Report, reportSchema } from './report.ts';
export type { Log } from './run/log.ts';
