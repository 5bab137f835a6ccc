import { request } from '@octokit/request';
import { z } from 'zod';
import { Fault } from '../fault.ts';
import { answerIn, githubFault, unreadable } from './github-fault.ts';
import { patiently } from './github-retry.ts';
import { careful, type Patience } from './web.ts';

/** The label by which the issues are found. The search API is not used: it lags behind, and an issue would come twice. */
const LABEL = 'userdrift';
const PAGE = 100;

const issueSchema = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  state_reason: z.string().nullish(),
  body: z.string().nullish(),
  pull_request: z.unknown().optional(),
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])),
});

export type GitHubIssue = z.infer<typeof issueSchema>;

export interface IssueChange {
  title?: string;
  body?: string;
  state?: 'open' | 'closed';
  state_reason?: 'completed' | 'not_planned' | 'reopened';
}

/** The issues of one repository. Every method throws a Fault, or the reason of the signal. */
export interface GitHub {
  /** owner/name */
  readonly repository: string;
  /** All with our label, open and closed, oldest first; no pull requests. */
  issues(): Promise<GitHubIssue[]>;
  /** Opens one with our label and returns its number. */
  open(title: string, body: string): Promise<number>;
  change(number: number, change: IssueChange): Promise<void>;
  comment(number: number, body: string): Promise<void>;
}

export interface Account {
  token: string;
  repository: string;
  /** https://api.github.com, or the API of an enterprise server */
  api: URL;
  version: string;
}

/** Opens nothing yet. A call that changes nothing twice is tried three times, a POST only where GitHub has turned it away. */
export function openGitHub({ token, repository, api, version }: Account, patience: Patience): GitHub {
  const [owner = '', repo = ''] = repository.split('/');
  const place = { owner, repo };
  const call = request.defaults({
    baseUrl: api.href.replace(/\/+$/, ''),
    headers: {
      authorization: `Bearer ${token}`,
      'user-agent': `userdrift/${version}`,
      'x-github-api-version': '2022-11-28',
    },
    // Without a log of its own, @octokit/request would write to the console.
    request: { fetch: careful('the GitHub API', patience), log: { warn: () => {} } },
  });
  const ask = <T>(work: () => Promise<T>, repeatable = true) =>
    patiently(work, { repeatable, signal: patience.signal }).catch((error: unknown) => {
      patience.signal.throwIfAborted();
      throw githubFault(error, repository, Date.now());
    });
  const page = async (number: number): Promise<GitHubIssue[]> => {
    const query = {
      ...place,
      labels: LABEL,
      state: 'all',
      sort: 'created',
      direction: 'asc',
      per_page: PAGE,
      page: number,
    } as const;
    const { data } = await ask(() => call('GET /repos/{owner}/{repo}/issues', query));
    return parsed(z.array(issueSchema), data);
  };
  return {
    repository,
    issues: async () => {
      const found: GitHubIssue[] = [];
      // Counted, not followed: a link in an answer could lead elsewhere.
      for (let number = 1; ; number += 1) {
        const issues = await page(number);
        found.push(...issues.filter(({ pull_request }) => !pull_request));
        if (issues.length < PAGE) return found.toSorted((one, other) => one.number - other.number);
      }
    },
    open: async (title, body) => {
      await ask(() => makeLabel(call, place), false);
      const { data } = await ask(
        () => call('POST /repos/{owner}/{repo}/issues', { ...place, title, body, labels: [LABEL] }),
        false,
      );
      const issue = parsed(issueSchema, data);
      if (!isLabelled(issue)) throw unlabelled(issue.number);
      return issue.number;
    },
    change: async (number, change) => {
      await ask(() =>
        call('PATCH /repos/{owner}/{repo}/issues/{issue_number}', { ...place, issue_number: number, ...change }),
      );
    },
    comment: async (number, body) => {
      await ask(
        () =>
          call('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', { ...place, issue_number: number, body }),
        false,
      );
    },
  };
}

/** GitHub drops in silence the label of whoever may not set one, and without it no later run would find the issue. */
async function makeLabel(call: typeof request, place: { owner: string; repo: string }): Promise<void> {
  const label = { ...place, name: LABEL, color: 'd93f0b', description: 'kept by userdrift alert' };
  await call('POST /repos/{owner}/{repo}/labels', label).catch((error: unknown) => {
    // It is there already.
    if (answerIn(error)?.status !== 422) throw error;
  });
}

function isLabelled({ labels }: GitHubIssue): boolean {
  return labels.some((label) => (typeof label === 'string' ? label : label.name) === LABEL);
}

function unlabelled(number: number): Fault {
  return new Fault('github_unlabelled', `#${number} was opened, but GitHub gave it no label ${LABEL}`, {
    fix: 'label it by hand, or each run opens another one; GITHUB_TOKEN must be allowed to set labels',
  });
}

function parsed<T>(schema: z.ZodType<T>, data: unknown): T {
  const { data: value, error } = schema.safeParse(data);
  if (error) throw unreadable(error);
  return value;
}
