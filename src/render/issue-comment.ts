import type { Report } from '../report.ts';
import { blindSentence, driftSentence, minute } from './issue.ts';
import { code } from './markdown.ts';
import { printableReport } from './printable.ts';
import { thousands } from './units.ts';

/** Why a comment is worth an e-mail to everybody who watches. */
type Change = 'opened' | 'reopened' | 'still' | 'worse' | 'blind' | 'sighted' | 'closed';

/** The comment that tells a change, in Markdown; `told` is the number of missing users that was told before. */
export function renderComment(change: Change, full: Report, told: number): string {
  const report = printableReport(full, true);
  return `${SENTENCES[change](report, told)}\n\nRun ${code(report.runId)} at ${minute(report.startedAt)}.\n`;
}

const now = (report: Report): string => (isBlind(report) ? blindSentence(report) : driftSentence(report));

const SENTENCES: Record<Change, (report: Report, told: number) => string> = {
  opened: now,
  reopened: (report) => `Again: ${now(report)}`,
  still: (report) =>
    `Opened again, because closing it has not ended it: ${now(report)} Close it as not planned to mute it.`,
  worse: (report, told) => `${driftSentence(report)} When this was last said, the number was ${thousands(told)}.`,
  blind: (report) => `${blindSentence(report)} What is known of the tables is from the run before.`,
  sighted: (report) => `A run could look again: ${driftSentence(report)}`,
  closed: (report) => `Nobody is missing from ${code(report.target)} any more: a run over all users has proved it.`,
};

function isBlind({ verdict }: Report): boolean {
  return verdict === 'failed' || verdict === 'inconclusive' || verdict === 'refused';
}
