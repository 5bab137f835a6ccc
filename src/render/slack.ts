import type { Report } from '../report.ts';
import { blindSentence, driftSentence } from './issue.ts';
import { nextCommand } from './next.ts';
import { printableReport } from './printable.ts';

/** Where the message stands, and what it can point to. */
interface Place {
  environment: string;
  /** `owner/name#12`; null: there is no issue */
  issue: string | null;
  /** The trouble is over. */
  over: boolean;
}

/** The message for a Slack-compatible webhook: what is wrong, and the next command. No ids: a channel has many readers. */
export function renderSlack(full: Report, { environment, issue, over }: Place): string {
  const report = printableReport(full, true);
  const command = over ? null : nextCommand({ ...report, users: null, failures: [] }, '');
  const lines = [
    `*userdrift (${plain(environment)})*: ${over ? `nobody is missing from ${name(report.target)} any more.` : trouble(report)}`,
    ...(command === null ? [] : [`Next: ${name(command)}`]),
    ...(issue === null ? [] : [`Issue: ${plain(issue)}`]),
  ];
  return lines.join('\n');
}

function trouble(report: Report): string {
  const blind = report.verdict === 'failed' || report.verdict === 'inconclusive' || report.verdict === 'refused';
  return blind ? blindSentence(report, name) : driftSentence(report, name);
}

/** Slack knows three characters that must be escaped; others that take its messages also look for @names. */
function plain(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('@', '@\u200b');
}

function name(text: string): string {
  return `\`${plain(text.replaceAll('`', "'"))}\``;
}
