import { type Answer, type Heard, type HttpStub, type Misbehaviour, serve } from './http-stub.ts';

export const TOKEN = 'ghs_0secret0token0of0the0stub';
export const REPOSITORY = 'acme/app';

export interface StubIssue {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  state_reason: string | null;
  labels: { name: string }[];
  comments: string[];
  pull_request?: object;
}

/** What the stub does instead of answering; null: it answers. */
type Trouble = (heard: Heard) => Answer | Misbehaviour | null;

/** GitHub's REST API for issues, as far as an alert needs it, with the rules that matter. */
export interface GitHubStub extends HttpStub {
  issues: StubIssue[];
  /** Taken for every request until it is changed. */
  trouble: Trouble;
  /** Requests that change something, as `POST /repos/acme/app/issues`. */
  writes(): string[];
  /** A person's deed in the browser. */
  person(number: number, change: Partial<StubIssue>): void;
  reset(): void;
}

const BASE = `/api/v3/repos/${REPOSITORY}`;

export async function gitHubStub(): Promise<GitHubStub> {
  const issues: StubIssue[] = [];
  const labels = new Set<string>();
  let trouble: Trouble = () => null;
  const stub = await serve((heard) => trouble(heard) ?? answer(heard, issues, labels));
  return {
    ...stub,
    url: `${stub.url}/api/v3`,
    issues,
    get trouble() {
      return trouble;
    },
    set trouble(next) {
      trouble = next;
    },
    writes: () =>
      stub.heard
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path }) => `${method} ${path.slice(BASE.length)}`),
    person: (number, change) => void Object.assign(issues.find((issue) => issue.number === number) ?? {}, change),
    reset: () => {
      issues.length = 0;
      stub.heard.length = 0;
      labels.clear();
      trouble = () => null;
    },
  };
}

function answer(heard: Heard, issues: StubIssue[], labels: Set<string>): Answer {
  if (heard.headers.authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { message: 'Bad credentials' } };
  if (!heard.path.startsWith(`${BASE}/`)) return { status: 404, body: { message: 'Not Found' } };
  const [, room, number, part] = heard.path.slice(BASE.length).split('/');
  const given = heard.method === 'GET' ? {} : JSON.parse(heard.body);
  if (room === 'labels') return makeLabel(given, labels);
  if (room !== 'issues') return { status: 404, body: { message: 'Not Found' } };
  if (number === undefined) return heard.method === 'GET' ? list(heard, issues) : create(given, issues, labels);
  const issue = issues.find((each) => each.number === Number(number));
  if (!issue) return { status: 404, body: { message: 'Not Found' } };
  if (part === 'comments') {
    issue.comments.push(given.body);
    return { status: 201, body: { id: issue.comments.length } };
  }
  return change(issue, given);
}

function makeLabel({ name }: { name: string }, labels: Set<string>): Answer {
  if (labels.has(name))
    return { status: 422, body: { message: 'Validation Failed', errors: [{ code: 'already_exists' }] } };
  labels.add(name);
  return { status: 201, body: { name } };
}

/** GitHub's own default is the newest first, open ones only, and thirty of them. */
function list({ query }: Heard, issues: readonly StubIssue[]): Answer {
  const size = Math.min(100, Number(query.get('per_page') ?? 30));
  const page = Number(query.get('page') ?? 1);
  const state = query.get('state') ?? 'open';
  const wanted = query.get('labels')?.split(',') ?? [];
  const found = issues.filter(
    (issue) =>
      (state === 'all' || issue.state === state) &&
      wanted.every((label) => issue.labels.some(({ name }) => name === label)),
  );
  const sorted = query.get('direction') === 'asc' ? found : found.toReversed();
  return { body: sorted.slice((page - 1) * size, page * size) };
}

function create(
  given: { title?: string; body?: string; labels?: string[] },
  issues: StubIssue[],
  labels: Set<string>,
): Answer {
  const { title = '', body = '', labels: names = [] } = given;
  if (!title || title.length > 256 || body.length > 65_536)
    return { status: 422, body: { message: 'Validation Failed' } };
  for (const name of names) labels.add(name);
  const number = issues.length + 1;
  const issue: StubIssue = {
    number,
    title,
    body,
    state: 'open',
    state_reason: null,
    labels: names.map((name) => ({ name })),
    comments: [],
  };
  issues.push(issue);
  return { status: 201, body: issue };
}

function change(issue: StubIssue, given: Partial<StubIssue>): Answer {
  if ((given.body?.length ?? 0) > 65_536) return { status: 422, body: { message: 'Validation Failed' } };
  const { title = issue.title, body = issue.body, state = issue.state } = given;
  // Ignored unless the state changes.
  const state_reason = state === issue.state ? issue.state_reason : (given.state_reason ?? null);
  Object.assign(issue, { title, body, state, state_reason });
  return { body: issue };
}
