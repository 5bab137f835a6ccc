import { refused } from '../attempts/refused.ts';
import { Fault } from '../fault.ts';
import { networkCode } from './judge.ts';
import { Refusal } from './refusal.ts';

interface Account {
  code: string;
  message: string;
  fix: string;
  verdict?: Fault['verdict'];
}

const APPLY = 'run userdrift sql functions and apply what it prints: userdrift sql functions | psql "$DATABASE_URL"';

/** `at` is the host. By code, else by status. */
const ACCOUNTS: readonly (readonly [RegExp, (at: string) => Account])[] = [
  [
    /^PGRST202$|^PGRST203$|^42883$/,
    (at) => ({ code: 'functions_missing', message: `${at} does not have the functions of userdrift`, fix: APPLY }),
  ],
  [
    /^PGRST106$|^PGRST125$|^PGRST205$/,
    (at) => ({
      code: 'schema_not_exposed',
      message: `the Data API of ${at} does not expose the schema public`,
      fix: 'add it to the exposed schemas (dashboard: Project Settings, Data API)',
    }),
  ],
  [/^PGRST30\d$|^401$/, wrongKey],
  [
    /^42P01$|^42703$|^42804$|^42P10$/,
    () => ({
      code: 'functions_outdated',
      message: 'the tables have changed since the functions were made',
      fix: APPLY,
    }),
  ],
  [
    /^540$/,
    (at) => ({
      code: 'project_paused',
      message: `the project at ${at} is paused`,
      fix: 'resume it in the dashboard; projects of the free plan are paused when nobody uses them',
    }),
  ],
  [
    /^402$|^403$/,
    (at) => ({
      code: 'not_allowed_in',
      message: `${at} does not let this machine in`,
      fix: 'see the network restrictions and the quota of the project',
    }),
  ],
];

function wrongKey(at: string): Account {
  return {
    code: 'wrong_key',
    message: `${at} does not accept the key`,
    fix: 'copy a secret key of this very project (dashboard: Project Settings, API Keys) to SUPABASE_SECRET_KEY',
  };
}

function noDataApi(at: string, status: number): Account {
  return {
    code: 'not_a_data_api',
    message: `${at} does not answer as the Data API does (status ${status})`,
    fix: 'check SUPABASE_URL, and what stands between this machine and the project: a proxy or a log-in page answers so',
  };
}

const NOT_EXECUTABLE: Account = {
  code: 'not_permitted',
  message: 'the role of this key may not execute the functions (42501)',
  fix: 'use a secret key, not a publishable one; if it is one, apply userdrift sql functions again',
  verdict: 'inconclusive',
};

/** A right that the owner lacks, or row level security that the owner does not pass: both hide rows. */
const UNSEEN: Account = {
  code: 'sight_lost',
  message: 'the owner of the functions cannot see every row of both tables (42501)',
  fix: 'apply userdrift sql functions as the role postgres, and see that it has BYPASSRLS and may read both',
  verdict: 'inconclusive',
};

const NETWORK: readonly (readonly [RegExp, (at: string, code: string) => Account])[] = [
  [
    /^ENOTFOUND$|^EAI_/,
    (at) => ({
      code: 'host_not_found',
      message: `no such host: ${at}`,
      fix: 'check SUPABASE_URL: a deleted project has no host',
    }),
  ],
  [
    /^ECONNREFUSED$/,
    (at) => ({ code: 'connection_refused', message: `nothing listens at ${at}`, fix: 'check SUPABASE_URL' }),
  ],
  [
    /^CERT_|^ERR_TLS|^ERR_SSL|SELF_SIGNED|^UNABLE_TO|^HOSTNAME_MISMATCH|^INVALID_CA|^EPROTO/,
    (at, code) => ({
      code: 'tls_failed',
      message: `no trusted TLS connection to ${at} (${code})`,
      fix: 'check the clock of this machine and what stands in between; NODE_EXTRA_CA_CERTS names a CA of your own',
    }),
  ],
  [
    /^ETIMEDOUT$|^UND_ERR_\w*TIMEOUT$/,
    (at) => ({
      code: 'connection_timeout',
      message: `no answer from ${at} in time`,
      fix: 'check SUPABASE_URL and the network; run it again when the project is less busy',
    }),
  ],
];

function unreachable(at: string, code: string): Account {
  return {
    code: 'connection_closed',
    message: `the connection to ${at} broke off (${code})`,
    fix: 'check the network between this machine and the project',
  };
}

/** Says in one line why a call came to nothing, without a word of the answer; other errors come back as they are. */
export function dataApiFault(doing: string, error: unknown, host: string): unknown {
  const account = accountOf(doing, error, host);
  if (account) return new Fault(account.code, account.message, { ...account, cause: error });
  if (error instanceof Refusal) return refused(doing, error.state ?? error.code ?? String(error.status), error);
  return error;
}

/** What is known of an error besides its code. */
export function accountOf(doing: string, error: unknown, at: string): Account | null {
  if (!(error instanceof Refusal)) {
    // supabase-js could not read an answer that called itself JSON.
    if (error instanceof Error && error.name === 'PostgrestError') return noDataApi(at, 200);
    const code = networkCode(error);
    if (code === null) return null;
    return (NETWORK.find(([pattern]) => pattern.test(code))?.[1] ?? unreachable)(at, code);
  }
  if (error.state === '42501') return notPermitted(doing, error);
  const known = ACCOUNTS.find(([pattern]) => pattern.test(error.code ?? String(error.status)));
  if (known) return known[1](at);
  return error.json ? null : noDataApi(at, error.status);
}

/** null: what may not be done says it all, as where a trigger lacks a right. */
function notPermitted(doing: string, { ofFunction }: Refusal): Account | null {
  if (ofFunction) return NOT_EXECUTABLE;
  return doing === 'insert' ? null : UNSEEN;
}
