import { Fault } from '../fault.ts';

interface Answer {
  status: number;
  headers: Record<string, string | undefined>;
}

/** By status: what is wrong, and the remedy. `repository` is owner/name. */
const ANSWERS: Readonly<Record<number, (repository: string) => { code: string; message: string; fix: string }>> = {
  401: () => ({
    code: 'github_token_refused',
    message: 'GitHub does not accept GITHUB_TOKEN (401)',
    fix: 'it has expired or was revoked: make a new one',
  }),
  403: (repository) => ({
    code: 'github_forbidden',
    message: `GITHUB_TOKEN may not write issues of ${repository} (403)`,
    fix: 'in a workflow give the job permissions: issues: write; a fine-grained token needs Issues: read and write',
  }),
  404: (repository) => ({
    code: 'github_not_found',
    message: `GitHub has no repository ${repository}, or GITHUB_TOKEN may not see its issues (404)`,
    fix: 'check --repository or GITHUB_REPOSITORY; the token needs permissions: issues: write for it',
  }),
  410: (repository) => ({
    code: 'github_issues_disabled',
    message: `issues are turned off in ${repository} (410)`,
    fix: 'turn them on in the settings of the repository, name another one with --repository, or use SLACK_WEBHOOK_URL',
  }),
  422: (repository) => ({
    code: 'github_refused',
    message: `GitHub refuses what would be written to ${repository} as invalid (422)`,
    fix: 'look at it with --dry-run',
  }),
};

/** The answer of GitHub in an error of @octokit/request; null: there was none. */
export function answerIn(error: unknown): Answer | null {
  const answer: unknown = error instanceof Error ? Reflect.get(error, 'response') : undefined;
  return typeof answer === 'object' && answer !== null && 'status' in answer ? (answer as Answer) : null;
}

/** Milliseconds that GitHub asks to wait for; null: it does not. A limit is 429, or 403 with what is left of it. */
export function waitAsked({ status, headers }: Answer, nowMs: number): number | null {
  const limited = headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0';
  if (status !== 429 && !(status === 403 && limited)) return null;
  const after = Number(headers['retry-after']);
  if (Number.isFinite(after) && after >= 0) return after * 1000;
  const reset = Number(headers['x-ratelimit-reset']);
  return Number.isFinite(reset) && reset > 0 ? Math.max(0, reset * 1000 - nowMs) : 60_000;
}

/** A Fault for any error of a call to GitHub; what GitHub wrote is left out, because it is somebody else's text. */
export function githubFault(error: unknown, repository: string, nowMs: number): Error {
  const answer = answerIn(error);
  if (answer === null) return withoutAnswer(error);
  const waitMs = waitAsked(answer, nowMs);
  if (waitMs !== null) {
    return new Fault(
      'github_rate_limited',
      `GitHub asks to wait for ${Math.ceil(waitMs / 1000)} s (${answer.status})`,
      {
        fix: 'run it again then, or give it longer with --timeout',
      },
    );
  }
  const known = ANSWERS[answer.status]?.(repository);
  if (known) return new Fault(known.code, known.message, { fix: known.fix, cause: error });
  return new Fault('github_trouble', `GitHub answers with ${answer.status}`, {
    fix: 'run it again in some minutes; githubstatus.com may say more',
    cause: error,
  });
}

/** @octokit/request wraps what its fetch throws: a Fault of ours, or the reason of an abort. */
function withoutAnswer(error: unknown): Error {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return inner instanceof Error && !(inner instanceof TypeError) ? inner : unreadable(inner);
}

export function unreadable(cause?: unknown): Fault {
  return new Fault('github_unreadable', 'the GitHub API gives an answer that is none of GitHub', {
    fix: 'check GITHUB_API_URL; for an enterprise server it ends in /api/v3',
    cause,
  });
}
