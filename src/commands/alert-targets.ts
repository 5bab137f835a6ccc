import type { Env } from '../config/env.ts';
import { parseRepository } from '../config/units.ts';
import { Fault } from '../fault.ts';
import { GitHub } from '../notify/github.ts';
import type { Patience } from '../notify/web.ts';
import { webUrl } from '../notify/web-url.ts';
import type { AlertFlags } from './flags.ts';

const API = 'https://api.github.com';
const REQUEST_MS = 10_000;

/** Who is to be told; null: not set up. */
export interface Targets {
  github: GitHub | null;
  slack: URL | null;
  patience: Patience;
}

/** The targets that flags and environment name. Throws a Fault for what is set up by half, or not at all. */
export function targetsOf(flags: AlertFlags, env: Env, version: string, signal: AbortSignal): Targets {
  const patience = { requestMs: Math.min(REQUEST_MS, flags.timeout), signal };
  const slack = env.slackWebhookUrl === undefined ? null : webUrl(env.slackWebhookUrl, 'SLACK_WEBHOOK_URL');
  const { token, apiUrl = API } = env.github;
  const repository = repositoryOf(flags, env);
  if (token !== undefined && repository !== null) {
    if (!/^[\x21-\x7e]+$/.test(token)) throw halfSet('GITHUB_TOKEN is no token', 'copy it whole, on one line');
    const account = { token, repository, api: webUrl(apiUrl, 'GITHUB_API_URL'), version };
    return { github: new GitHub(account, patience), slack, patience };
  }
  if (flags.repository !== undefined)
    throw halfSet('--repository needs GITHUB_TOKEN', 'set it in the environment or in .env');
  if (token !== undefined && slack === null) {
    throw halfSet(
      'GITHUB_TOKEN is set, and no repository',
      'name it with --repository owner/name or in GITHUB_REPOSITORY',
    );
  }
  if (slack === null && !flags.dryRun) {
    const fix =
      'set GITHUB_TOKEN and --repository owner/name, or SLACK_WEBHOOK_URL; --dry-run shows what would be written';
    throw halfSet('nobody is set up to be told', fix);
  }
  return { github: null, slack, patience };
}

function repositoryOf(flags: AlertFlags, env: Env): string | null {
  const given = flags.repository ?? env.github.repository;
  if (given === undefined) return null;
  const repository = parseRepository(given);
  if (repository === null)
    throw halfSet('GITHUB_REPOSITORY is not owner/name', 'write it as in the address of the repository');
  return repository;
}

function halfSet(message: string, fix: string): Fault {
  return new Fault('alert_not_set_up', message, { fix });
}
