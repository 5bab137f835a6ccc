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

/** Whose issues, and who asks. */
export interface Account {
  token: string;
  repository: string;
  /** https://api.github.com, or the API of an enterprise server */
  api: URL;
  version: string;
}

const ISSUES = '/repos/{owner}/{repo}/issues';
const ISSUE = `${ISSUES}/{issue_number}` as const;

/** The issues of one repository. Every method throws a Fault, or the reason of the signal. A call that may be repeated is tried three times, a POST only where GitHub has turned it away. */
export class GitHub {
  /** owner/name */
  readonly repository: string;
  readonly #call: typeof request;
  readonly #place: { owner: string; repo: string };
  readonly #signal: AbortSignal;

  constructor({ token, repository, api, version }: Account, patience: Patience) {
    const [owner = '', repo = ''] = repository.split('/');
    this.repository = repository;
    this.#place = { owner, repo };
    this.#signal = patience.signal;
    this.#call = request.defaults({
      baseUrl: api.href.replace(/\/+$/, ''),
      headers: {
        authorization: `Bearer ${token}`,
        'user-agent': `userdrift/${version}`,
        'x-github-api-version': '2022-11-28',
      },
      // Without a log of its own, @octokit/request would write to the console.
      request: { fetch: careful('the GitHub API', patience), log: { warn: () => {} } },
    });
  }

  /** All with our label, open and closed, oldest first; no pull requests. */
  async issues(): Promise<GitHubIssue[]> {
    const found: GitHubIssue[] = [];
    // Counted, not followed: a link in an answer could lead elsewhere.
    for (let page = 1; ; page += 1) {
      const query = { labels: LABEL, state: 'all', sort: 'created', direction: 'asc', per_page: PAGE, page } as const;
      const { data } = await this.#ask(() => this.#call(`GET ${ISSUES}`, { ...this.#place, ...query }));
      const issues = parsed(z.array(issueSchema), data);
      found.push(...issues.filter(({ pull_request }) => !pull_request));
      if (issues.length < PAGE) return found.toSorted((one, other) => one.number - other.number);
    }
  }

  /** Opens one with our label and returns its number. */
  async open(title: string, body: string): Promise<number> {
    await this.#makeLabel();
    const given = { ...this.#place, title, body, labels: [LABEL] };
    const { data } = await this.#askOnce(() => this.#call(`POST ${ISSUES}`, given));
    const issue = parsed(issueSchema, data);
    if (!isLabelled(issue)) throw unlabelled(issue.number);
    return issue.number;
  }

  async change(number: number, change: IssueChange): Promise<void> {
    const given = { ...this.#place, issue_number: number, ...change };
    await this.#ask(() => this.#call(`PATCH ${ISSUE}`, given));
  }

  async comment(number: number, body: string): Promise<void> {
    const given = { ...this.#place, issue_number: number, body };
    await this.#askOnce(() => this.#call(`POST ${ISSUE}/comments`, given));
  }

  /** GitHub drops in silence the label of whoever may not set one, and without it no later run would find the issue. */
  async #makeLabel(): Promise<void> {
    const label = { ...this.#place, name: LABEL, color: 'd93f0b', description: 'kept by userdrift alert' };
    await this.#askOnce(() =>
      this.#call('POST /repos/{owner}/{repo}/labels', label).catch((error: unknown) => {
        // It is there already.
        if (answerIn(error)?.status !== 422) throw error;
      }),
    );
  }

  #ask<T>(work: () => Promise<T>, repeatable = true): Promise<T> {
    return patiently(work, { repeatable, signal: this.#signal }).catch((error: unknown) => {
      this.#signal.throwIfAborted();
      throw githubFault(error, this.repository, Date.now());
    });
  }

  /** For what would be there twice if it were done twice. */
  #askOnce<T>(work: () => Promise<T>): Promise<T> {
    return this.#ask(work, false);
  }
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
