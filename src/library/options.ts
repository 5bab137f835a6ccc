import type { ConfigInput } from '../config/schema.ts';
import type { Log } from '../run/log.ts';

/** How the database is reached: over the PostgreSQL protocol, or over the Data API of the project. */
export type Connection =
  | {
      /** Connection string, as the dashboard shows it under Connect. It is a secret. */
      databaseUrl: string;
      /** The certificate authority of the database, as PEM text. */
      caCert?: string | undefined;
    }
  | {
      /** `https://<project ref>.supabase.co` */
      supabaseUrl: string;
      /** A secret key of the project (`sb_secret_…`). */
      secretKey: string;
    };

/** What a check takes. Whatever a flag of the command line says, the option of that name says here. */
export interface CheckOptions {
  /** How the database is reached. */
  connection: Connection;
  /** As in userdrift.config.json; left out: as without that file. */
  config?: ConfigInput | undefined;
  /** Only users created at or after this: a date, or text such as `2026-11-01` or `7d` (ago). */
  since?: string | Date | undefined;
  /** Only part I of N of the users, counted from 1: `1/4`. */
  shard?: string | undefined;
  /** Only these users, by id. Not together with `since` or `shard`. */
  users?: readonly string[] | undefined;
  /** So many missing users are still no failure; default 0. */
  maxDrift?: number | undefined;
  /** Stop after this time with a partial report: `10m`. */
  deadline?: string | undefined;
  /** false: no user ids in the report. */
  ids?: boolean | undefined;
  /** Ends the run early: batches in flight settle, and the report is partial, with the verdict `interrupted`. */
  signal?: AbortSignal | undefined;
  /** After `signal`: batches in flight are abandoned, and the report calls their users unresolved. */
  hurry?: AbortSignal | undefined;
  /** Told of retries and of the end of the run, with counts and codes only; a pino logger fits. Default: nobody is. */
  log?: Log | undefined;
}

/** What a sync takes. */
export interface SyncOptions extends CheckOptions {
  /** Show what would be written and write nothing. */
  dryRun?: boolean | undefined;
  /** Batches in flight, at most 8; default 3, and fewer and smaller ones while people sign up and log in. */
  concurrency?: number | undefined;
  /** Users per statement; default 1000. */
  batchSize?: number | undefined;
  /** `drift`: the verdict is `drift` if anybody was missing, though nobody is any more. Default `unrepaired`. */
  failOn?: 'drift' | 'unrepaired' | undefined;
  /** Accept that up to this share of the users is missing, such as `50%`; true: any. */
  allowShare?: string | true | undefined;
  /** Accept writing up to this many rows. */
  maxWrites?: number | undefined;
  /** Accept up to this many runs of a trigger that reaches outside the database; true: any. */
  allowTriggers?: number | true | undefined;
  /** Wait this long for another run to finish: `5m`. Default: not at all. */
  wait?: string | undefined;
  /** Called as batches settle. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a backfill takes. Nobody is asked: the call is the decision. */
export type BackfillOptions = Omit<SyncOptions, 'users'>;

export interface Progress {
  /** Users settled, whatever became of them. */
  done: number;
  /** Users to settle, by the first measure. */
  total: number;
}
