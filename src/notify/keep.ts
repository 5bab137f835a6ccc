import type { Action, Issue } from './decide.ts';
import type { GitHub, GitHubIssue } from './github.ts';
import { markerIn } from './marker.ts';

/** The issue of a target and an environment, and others that a race has opened for the same. */
export interface Kept {
  issue: Issue | null;
  /** Open ones; younger than the one that is kept. */
  twins: number[];
}

/**
 * Picks the issue by its marker. A run that did not get as far as its target has none to name, and belongs to the issue
 * of its environment; an issue that such a run has opened belongs to the first target that is known.
 */
export function pick(
  found: readonly GitHubIssue[],
  { environment, target }: { environment: string; target: string },
): Kept {
  const candidates = found.flatMap(asIssue).filter(({ marker }) => marker.environment === environment);
  const exact = candidates.filter(({ marker }) => marker.target === target);
  const loose = candidates.filter(({ marker }) => target === '' || marker.target === '');
  const issue = exact[0] ?? loose.find(({ state }) => state === 'open') ?? loose[0] ?? null;
  const twins = candidates.filter(
    ({ number, state, marker }) =>
      number !== issue?.number && state === 'open' && (marker.target === issue?.marker.target || marker.target === ''),
  );
  return { issue, twins: twins.map(({ number }) => number) };
}

function asIssue({ number, state, state_reason, body }: GitHubIssue): Issue[] {
  const marker = markerIn(body ?? '');
  const dismissed = state_reason === 'not_planned' || state_reason === 'duplicate';
  return marker ? [{ number, state, dismissed, marker }] : [];
}

/** What is to be written where. */
export interface Texts {
  title: string;
  body: string;
  comment: string | null;
}

/**
 * Does what was decided, and returns the number of the issue. The comment goes first: if the edit then fails, the next
 * run comments again, and rather twice than never.
 */
export async function perform(
  github: GitHub,
  action: Exclude<Action, { kind: 'nothing' }>,
  issue: Issue | null,
  texts: Texts,
) {
  if (issue === null) return github.open(texts.title, texts.body);
  if (texts.comment !== null) await github.comment(issue.number, texts.comment);
  const named = issue.marker.target !== action.marker.target;
  await github.change(issue.number, {
    body: texts.body,
    ...(named ? { title: texts.title } : {}),
    ...(action.kind === 'reopen' ? { state: 'open', state_reason: 'reopened' } : {}),
    ...(action.kind === 'close' ? { state: 'closed', state_reason: 'completed' } : {}),
  });
  return issue.number;
}

/** Closes what a race has opened a second time. */
export async function closeTwins(github: GitHub, { issue, twins }: Kept): Promise<void> {
  for (const twin of twins) {
    await github.comment(twin, `#${issue?.number} is about the same and older: this one is closed.\n`);
    await github.change(twin, { state: 'closed', state_reason: 'not_planned' });
  }
}
