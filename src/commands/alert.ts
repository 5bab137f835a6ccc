import { Fault } from '../fault.ts';
import { decide } from '../notify/decide.ts';
import type { GitHub } from '../notify/github.ts';
import { closeTwins, perform, pick } from '../notify/keep.ts';
import { postToSlack } from '../notify/slack.ts';
import { withoutIds } from '../reconcile/report.ts';
import { renderJson } from '../render/json.ts';
import type { Report } from '../report.ts';
import { type Targets, targetsOf } from './alert-targets.ts';
import { deedAsJson, describeDeed, type Step, slackText, textsOf } from './alert-texts.ts';
import type { AlertFlags } from './flags.ts';
import { readReport } from './read-report.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift alert <report>`: tells others what a report says, if it is news. The exit code says whether they were told. */
export async function alert(file: string, flags: AlertFlags, terminal: Terminal): Promise<number> {
  const read = await readReport(file, terminal);
  const report = flags.ids ? read : withoutIds(read);
  const limit = timeLimit(flags.timeout);
  try {
    const signal = AbortSignal.any([terminal.stop.signal, limit.signal]);
    await tell(report, flags, targetsOf(flags, terminal.env, terminal.version, signal), terminal);
    return 0;
  } finally {
    limit.end();
  }
}

function timeLimit(ms: number): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const fault = new Fault('alert_timeout', 'GitHub and Slack were not told in time', {
    fix: 'run it again, or give it longer with --timeout',
  });
  const timer = setTimeout(() => controller.abort(fault), Math.min(ms, 2 ** 31 - 1));
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

/** Says what was done even where something else went wrong, and throws that afterwards. */
async function tell(report: Report, flags: AlertFlags, targets: Targets, terminal: Terminal): Promise<void> {
  const { step, trouble } = await tellGitHub(report, flags, targets);
  const message = slackText(report, step, flags.environment);
  const toSlack = message !== null && targets.slack !== null && !flags.dryRun ? { url: targets.slack, message } : null;
  const failed = toSlack ? await troubleOf(postToSlack(toSlack.url, toSlack.message, targets.patience)) : null;
  const posted = toSlack !== null && failed === null;
  const kept = step.repository !== null && step.action.kind !== 'nothing';
  if (!flags.quiet && (kept || posted || !(trouble ?? failed))) {
    const dryRun = flags.dryRun ? { ...textsOf(report, step, flags.environment), slack: message } : null;
    const deed = { ...step, posted, dryRun };
    terminal.out(flags.json ? renderJson(deedAsJson(deed)) : describeDeed(deed, terminal.look.unicode));
  }
  if (trouble ?? failed) throw trouble ?? failed;
}

async function troubleOf(work: Promise<void>): Promise<unknown> {
  return work.then(() => null).catch((error: unknown) => error);
}

async function tellGitHub(
  report: Report,
  flags: AlertFlags,
  targets: Targets,
): Promise<{ step: Step; trouble: unknown }> {
  const { github, slack } = targets;
  const alone = {
    action: decide(report, null, optionsOf(flags)),
    issue: null,
    repository: null,
    number: null,
    twins: [],
  };
  if (github === null) return { step: alone, trouble: null };
  try {
    return { step: await keepIssue(report, flags, github), trouble: null };
  } catch (trouble) {
    if (slack === null) throw trouble;
    // Somebody should hear of it, even if nobody can say whether it is new.
    return { step: alone, trouble };
  }
}

async function keepIssue(report: Report, flags: AlertFlags, github: GitHub): Promise<Step> {
  const { environment, dryRun } = flags;
  const { issue, twins } = pick(await github.issues(), { environment, target: report.target });
  const step = { action: decide(report, issue, optionsOf(flags)), issue, twins, repository: github.repository };
  const before = { ...step, number: issue?.number ?? null };
  if (dryRun) return before;
  const texts = textsOf(report, before, environment);
  const { action } = step;
  const still = texts === null || action.kind === 'nothing';
  const number = still ? before.number : await perform(github, action, issue, texts);
  await closeTwins(github, { issue, twins });
  return { ...step, number };
}

function optionsOf({ environment, olderThan }: AlertFlags) {
  return { environment, olderThanMs: olderThan };
}
