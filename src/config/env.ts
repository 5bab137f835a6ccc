import { existsSync } from 'node:fs';

/** What the environment says. Read here and nowhere else. */
export interface Env {
  databaseUrl: string | undefined;
  /** PEM text */
  caCert: string | undefined;
  /** path of a PEM file */
  caFile: string | undefined;
  noColor: boolean;
  forceColor: boolean;
  /** The terminal is believed to show UTF-8. */
  unicode: boolean;
  columns: number | undefined;
  /** JOB_COMPLETION_INDEX of a Kubernetes Indexed Job, from 0 */
  jobIndex: string | undefined;
}

/** Reads `.env` in `directory` (variables that are set already win), then the environment. */
export function readEnv(directory: string): Env {
  const file = `${directory}/.env`;
  if (existsSync(file)) process.loadEnvFile(file);
  const value = (name: string): string | undefined => process.env[name]?.trim() || undefined;
  const locale = value('LC_ALL') ?? value('LC_CTYPE') ?? value('LANG') ?? '';
  return {
    databaseUrl: value('DATABASE_URL'),
    caCert: value('DATABASE_CA_CERT'),
    caFile: value('PGSSLROOTCERT'),
    noColor: value('NO_COLOR') !== undefined || value('TERM') === 'dumb',
    forceColor: value('FORCE_COLOR') !== undefined && value('FORCE_COLOR') !== '0',
    unicode: process.platform === 'win32' || process.platform === 'darwin' || /utf-?8/i.test(locale),
    columns: Number(value('COLUMNS')) || undefined,
    jobIndex: value('JOB_COMPLETION_INDEX'),
  };
}
