import type { Inputs } from './inputs.ts';
import { secretsIn } from './secrets.ts';

type Variables = Record<string, string>;

const KEYS = ['SUPABASE_SECRET_KEY', 'SUPABASE_SERVICE_ROLE_KEY'] as const;
const TO_THE_DATABASE: ReadonlySet<string> = new Set(['DATABASE_URL', 'USERDRIFT_PING_URL', ...KEYS]);

/** The environment of a run: the way to the database, and no way to anybody's issues. */
export function runVariables(inputs: Inputs, surrounding: Variables): Variables {
  const { SLACK_WEBHOOK_URL: _, ...rest } = surrounding;
  return {
    ...rest,
    ...given('DATABASE_URL', inputs['database-url']),
    ...given(/-----BEGIN/.test(inputs['ca-cert']) ? 'DATABASE_CA_CERT' : 'PGSSLROOTCERT', inputs['ca-cert']),
    ...given('USERDRIFT_PING_URL', inputs['ping-url']),
  };
}

/** The environment of an alert: the way to issues and Slack, and none to the database. */
export function alertVariables(inputs: Inputs, surrounding: Variables): Variables {
  const rest = Object.entries(surrounding).filter(([name]) => !TO_THE_DATABASE.has(name));
  return {
    ...Object.fromEntries(rest),
    ...given('GITHUB_TOKEN', inputs['github-token']),
    ...given('SLACK_WEBHOOK_URL', inputs['slack-webhook-url']),
  };
}

/** All that nobody may see in a log, wherever it came from. */
export function secretsOf(inputs: Inputs, surrounding: Variables): string[] {
  const run = runVariables(inputs, surrounding);
  const alert = alertVariables(inputs, surrounding);
  const keys = KEYS.map((name) => run[name]);
  const secrets = [run.DATABASE_URL, run.USERDRIFT_PING_URL, alert.SLACK_WEBHOOK_URL, alert.GITHUB_TOKEN, ...keys];
  return [...new Set(secrets.flatMap((secret) => (secret ? secretsIn(secret) : [])))];
}

function given(name: string, value: string): Variables {
  return value === '' ? {} : { [name]: value };
}
