import { existsSync } from 'node:fs';
import { Fault } from '../fault.ts';

/** Every variable that is read, with what it is for; the table in the README is made from it. */
export const VARIABLES = {
  DATABASE_URL: 'connection string of the database; the only one that is needed',
  SUPABASE_URL: 'URL of the project, for runs over HTTP: they need no DATABASE_URL',
  SUPABASE_SECRET_KEY: 'secret key of the project, for runs over HTTP; it is a secret',
  SUPABASE_SERVICE_ROLE_KEY: 'the same, where only a legacy service_role key is at hand; deprecated',
  PGSSLROOTCERT: 'path of the PEM file with the certificate authority of the database',
  DATABASE_CA_CERT: 'the same as text, where a file is awkward; wins over PGSSLROOTCERT',
  USERDRIFT_PING_URL: 'URL that is told when a run starts and how it ended (healthchecks.io and alike); it is a secret',
  GITHUB_TOKEN: '`alert`: the token that may write issues; Actions provides it',
  GITHUB_REPOSITORY: '`alert`: owner/name of the repository whose issue it keeps; Actions sets it',
  GITHUB_API_URL: '`alert`: the API of a GitHub Enterprise server; default https://api.github.com',
  SLACK_WEBHOOK_URL: '`alert`: incoming webhook of Slack, or of what is compatible with it; it is a secret',
  JOB_COMPLETION_INDEX: 'which part `--shard auto/N` means, counted from 0; Kubernetes sets it in an Indexed Job',
  NO_COLOR: 'any value: no colours',
  FORCE_COLOR: 'any value but 0: colours although the output is no terminal',
  TERM: '`dumb`: no colours and no progress',
  LC_ALL: 'with `UTF-8` in it, and on macOS and Windows always: marks beyond ASCII',
  LC_CTYPE: 'the same, where LC_ALL is not set',
  LANG: 'the same, where neither is set',
  COLUMNS: 'width of the report where the output is no terminal; default 100',
} as const;

/** What the environment says. */
export interface Env {
  databaseUrl: string | undefined;
  supabase: { url: string | undefined; secretKey: string | undefined; serviceRoleKey: string | undefined };
  /** PEM text */
  caCert: string | undefined;
  /** path of a PEM file */
  caFile: string | undefined;
  pingUrl: string | undefined;
  github: { token: string | undefined; repository: string | undefined; apiUrl: string | undefined };
  slackWebhookUrl: string | undefined;
  noColor: boolean;
  /** The terminal knows no control sequences. */
  dumb: boolean;
  forceColor: boolean;
  /** The terminal is believed to show UTF-8. */
  unicode: boolean;
  columns: number | undefined;
  /** JOB_COMPLETION_INDEX of a Kubernetes Indexed Job, from 0 */
  jobIndex: string | undefined;
}

function loadFile(file: string): void {
  if (!existsSync(file)) return;
  try {
    process.loadEnvFile(file);
  } catch (error) {
    throw new Fault('env_file_unreadable', '.env cannot be read', { fix: 'correct it or remove it', cause: error });
  }
}

/** Reads `.env` in `directory` (variables that are set already win), then the environment. The only reader of it. */
export function readEnv(directory: string): Env {
  loadFile(`${directory}/.env`);
  return envOf(process.env);
}

/** Without what `.env` has added since. */
const STARTED_WITH = { ...process.env };

/**
 * The environment for a process of our own: what this one was started with, and `more`, which wins. It reads `.env` itself: a
 * password that was changed there must not wait for a new start.
 */
export function environmentWith(more: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...STARTED_WITH, ...more };
}

/** What these variables say. */
export function envOf(variables: Readonly<Record<string, string | undefined>>): Env {
  const value = (name: keyof typeof VARIABLES): string | undefined => variables[name]?.trim() || undefined;
  const locale = value('LC_ALL') ?? value('LC_CTYPE') ?? value('LANG') ?? '';
  return {
    databaseUrl: value('DATABASE_URL'),
    supabase: {
      url: value('SUPABASE_URL'),
      secretKey: value('SUPABASE_SECRET_KEY'),
      serviceRoleKey: value('SUPABASE_SERVICE_ROLE_KEY'),
    },
    caCert: value('DATABASE_CA_CERT'),
    caFile: value('PGSSLROOTCERT'),
    pingUrl: value('USERDRIFT_PING_URL'),
    github: {
      token: value('GITHUB_TOKEN'),
      repository: value('GITHUB_REPOSITORY'),
      apiUrl: value('GITHUB_API_URL'),
    },
    slackWebhookUrl: value('SLACK_WEBHOOK_URL'),
    noColor: value('NO_COLOR') !== undefined || value('TERM') === 'dumb',
    dumb: value('TERM') === 'dumb',
    forceColor: value('FORCE_COLOR') !== undefined && value('FORCE_COLOR') !== '0',
    unicode: process.platform === 'win32' || process.platform === 'darwin' || /utf-?8/i.test(locale),
    columns: Number(value('COLUMNS')) || undefined,
    jobIndex: value('JOB_COMPLETION_INDEX'),
  };
}
