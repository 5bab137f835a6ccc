import type { Action, Issue } from '../notify/decide.ts';
import type { Texts } from '../notify/keep.ts';
import { markerLine } from '../notify/marker.ts';
import { issueTitle, renderIssue } from '../render/issue.ts';
import { renderComment } from '../render/issue-comment.ts';
import { printable } from '../render/printable.ts';
import { renderSlack } from '../render/slack.ts';
import type { Report } from '../report.ts';

/** What was decided, and what came of it on GitHub. */
export interface Step {
  action: Action;
  /** As it was before. */
  issue: Issue | null;
  /** null: GitHub was not asked */
  repository: string | null;
  number: number | null;
  /** Issues that are closed because an older one is about the same. */
  twins: number[];
}

export interface Deed extends Step {
  /** Slack was told. */
  posted: boolean;
  /** What would be written; null: it was. */
  dryRun: (Partial<Texts> & { slack: string | null }) | null;
}

/** What goes to GitHub; null: nothing does. */
export function textsOf(
  report: Report,
  { action, issue }: Pick<Step, 'action' | 'issue'>,
  environment: string,
): Texts | null {
  if (action.kind === 'nothing') return null;
  const { marker, change } = action;
  const story = { environment, kind: marker.kind, since: marker.since, missing: marker.missing, over: !marker.open };
  const comment =
    change === null || change === 'opened' ? null : renderComment(change, report, issue?.marker.told ?? 0);
  return {
    title: issueTitle(printable(marker.target, true), printable(environment, true)),
    body: `${markerLine(marker)}\n${renderIssue(report, story)}`,
    comment,
  };
}

/** What goes to Slack; null: nothing does. With an issue as its memory it hears of changes, else of every lasting trouble. */
export function slackText(report: Report, { action, repository, number }: Step, environment: string): string | null {
  if (action.kind === 'nothing' || action.change === null) return null;
  const issue = repository === null || number === null ? null : `${repository}#${number}`;
  return renderSlack(report, { environment, issue, over: action.change === 'closed' });
}

/** What `--json` prints. */
export function deedAsJson({ action, repository, number, twins, posted, dryRun }: Deed): object {
  return {
    action: action.kind,
    why: action.why,
    change: action.kind === 'nothing' ? null : action.change,
    issue: repository === null ? null : { repository, number },
    closedTwins: twins,
    slack: posted,
    dryRun,
  };
}

const DONE = {
  open: 'opened',
  reopen: 'reopened',
  close: 'closed',
  edit: 'updated',
  nothing: 'nothing to do',
} as const;
const WOULD = { open: 'open', reopen: 'reopen', close: 'close', edit: 'update', nothing: 'nothing to do' } as const;

/** `opened owner/name#12: 214 missing`; of a dry run also what would be written. */
export function describeDeed(deed: Deed, unicode: boolean): string {
  const { action, posted, dryRun, twins } = deed;
  const also = [
    ...(action.kind === 'edit' && action.change !== null
      ? [`${dryRun ? 'would comment' : 'commented'} (${action.change})`]
      : []),
    ...(posted && deed.repository !== null ? ['posted to Slack'] : []),
    ...twins.map((twin) => `${dryRun ? 'would close' : 'closed'} #${twin}, which is about the same`),
  ];
  const line = [deedLine(deed), ...also].join('; ');
  const texts = dryRun ? [dryRun.title, dryRun.body, dryRun.comment, dryRun.slack] : [];
  const shown = texts.flatMap((text) => (text ? ['', ...text.trimEnd().split('\n')] : []));
  return [line, ...shown].map((each) => `${printable(each, unicode, Number.POSITIVE_INFINITY)}\n`).join('');
}

function deedLine({ action, repository, number, dryRun, posted }: Deed): string {
  const nobody =
    repository === null && dryRun ? ' (GitHub was not asked, so this is as if there were no issue yet)' : '';
  const why = `${action.why}${nobody}`;
  if (action.kind === 'nothing') return `${DONE.nothing}: ${why}`;
  if (repository === null) return posted ? `posted to Slack: ${why}` : `would open an issue or post to Slack: ${why}`;
  const place = number === null ? `an issue in ${repository}` : `${repository}#${number}`;
  return dryRun ? `would ${WOULD[action.kind]} ${place}: ${why}` : `${DONE[action.kind]} ${place}: ${why}`;
}
