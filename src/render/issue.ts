import { leftBy } from '../reconcile/left.ts';
import type { Report } from '../report.ts';
import { expected } from './accounts.ts';
import { timeLines } from './breakdown.ts';
import { failureKinds } from './failures.ts';
import { readOnly } from './headline.ts';
import { code, prose, table } from './markdown.ts';
import { nextCommand } from './next.ts';
import { printableReport } from './printable.ts';
import { publicReason } from './public-reason.ts';
import { nameOf } from './sqlstate-names.ts';
import { age, counted, thousands } from './units.ts';

const IDS = 10;
const KINDS = 10;
const CAUSES = 5;
const PROVIDERS = 30;
/** GitHub refuses a body of more than 65,536 characters. */
const FIX_MAX = 2000;
const UNITS = { day: 'Day', month: 'Month', year: 'Year' } as const;

/** What the issue knows beyond the report. */
export interface Story {
  environment: string;
  kind: 'drift' | 'blind';
  /** ISO 8601: since when there is this kind of trouble */
  since: string;
  /** The last number of missing users that a run has seen; null: none has. */
  missing: number | null;
  over: boolean;
}

/** The title says nothing that changes: an edit of it would be an event of its own. */
export function issueTitle(target: string, environment: string): string {
  return ['userdrift:', target, `(${environment})`].filter(Boolean).join(' ');
}

/** The body of the issue in Markdown, without its marker. Counts, codes, names of the schema and up to ten ids. */
export function renderIssue(full: Report, story: Story): string {
  const report = printableReport(full, true);
  const blocks = [
    [headingOf(report, story)],
    countTable(report),
    ...breakdown(report),
    causes(report),
    failures(report),
    [...nextLine(report), ...sampleLine(report)],
    [lastRun(report)],
    [RULES],
  ];
  const filled = blocks.filter((block) => block.length > 0);
  return `${filled.map((block) => block.join('\n')).join('\n\n')}\n`;
}

const RULES =
  '<sub>Kept by `userdrift alert`: edited after each run, commented when something changes, closed when a run over all ' +
  'users finds nobody missing, opened again when users are. Close it as not planned to mute it until then.</sub>';

function headingOf(report: Report, { environment, kind, since, missing, over }: Story): string {
  const place = `\nEnvironment: ${code(environment)}`;
  if (over) return `**Nobody is missing from ${code(report.target)}.**${place}`;
  if (kind === 'drift') return `**${driftSentence(report)}**${place}`;
  const known = missing === null ? '' : ` When a run last saw them, ${counted(missing, 'user')} were missing.`;
  return `**${blindSentence(report)}**${known} It has been so since ${minute(since)}.${reasonLines(report)}${place}`;
}

/** `214 users are missing from public.users, the oldest for 8d 4h.` */
export function driftSentence(report: Report, quote: (name: string) => string = code): string {
  const { missing, stale, oldest } = leftBy(report);
  const scope = report.scope.full ? '' : ' in this scope';
  const from = report.target ? ` from ${quote(report.target)}` : '';
  const are = missing === 1 ? 'is' : 'are';
  const since = oldest === null ? 'nobody knows since when' : `the oldest for ${age(oldest, report.startedAt)}`;
  if (!missing)
    return `${counted(stale ?? 0, 'row')}${scope} in ${quote(report.target)} ${stale === 1 ? 'is' : 'are'} stale.`;
  return `${counted(missing, 'user')}${scope} ${are} missing${from}, ${since}${stale ? `; ${thousands(stale)} stale` : ''}.`;
}

/** It says nothing about the tables, and must not sound as if it did. */
export function blindSentence(report: Report, quote: (name: string) => string = code): string {
  return `The last run could not do its job (${quote(report.verdict)}, ${quote(publicReason(report).code)}).`;
}

function reasonLines(report: Report): string {
  const { note } = publicReason(report);
  if (note === null) return ' The log of the run has the whole reason.';
  return `\n\n${prose(note.message)}${note.fix ? `\nFix: ${code(note.fix.slice(0, FIX_MAX))}` : ''}`;
}

function countTable(report: Report): string[] {
  const { drift, repair, excluded } = report;
  const left = leftBy(report);
  const wanted = expected(report);
  const wrote = !readOnly(report) && repair.scanned > 0;
  const rows: [string, number | null][] = [
    ['expected', wanted],
    ['missing when the run began', wrote ? drift.missing : null],
    ['inserted', repair.inserted || null],
    ['failed', repair.failed || null],
    ['suppressed by a trigger or rule', repair.suppressed || null],
    ['unresolved', repair.unresolved || null],
    [wrote ? 'still missing' : 'missing', left.missing],
    ['stale', left.stale || null],
    ['too young to be expected', excluded.grace || null],
  ];
  const known = rows.flatMap(([label, count]) => (count === null ? [] : [[label, thousands(count)]]));
  return known.length === 0 ? [] : table(['Users', 'Count'], known, '-:');
}

function breakdown(report: Report): string[][] {
  const { missing, missingByTime, missingByProvider } = report.drift;
  if (!missing) return [];
  const then = readOnly(report) ? 'Missing' : 'Missing when the run began';
  const times = missingByTime ? timeLines(missingByTime).map((line) => [line.when, thousands(line.missing)]) : [];
  const providers = (missingByProvider ?? [])
    .slice(0, PROVIDERS)
    .map((line) => [code(line.provider), thousands(line.missing)]);
  return [
    times.length > 0 && missingByTime ? table([UNITS[missingByTime.unit], then], times, '-:') : [],
    providers.length > 0 ? table(['Provider', then], providers, '-:') : [],
  ];
}

function causes(report: Report): string[] {
  return report.causes.slice(0, CAUSES).map(({ message, fix }) => {
    const how = fix ? `\n  Fix: ${code(fix.slice(0, FIX_MAX))}` : '';
    return `- Likely cause: ${prose(message)}${how}`;
  });
}

function failures({ failures: listed }: Report): string[] {
  const rows = failureKinds(listed)
    .slice(0, KINDS)
    .map(({ sample, count }) => [
      code(sample.code),
      nameOf(sample.code),
      [sample.constraint, sample.column]
        .filter((name) => name !== null && name !== '')
        .map((name) => code(name ?? ''))
        .join(', '),
      thousands(count),
    ]);
  return rows.length === 0 ? [] : table(['SQLSTATE', 'Why', 'Constraint, column', 'Users'], rows, '---:');
}

function nextLine(report: Report): string[] {
  const command = nextCommand(report, '');
  return command === null ? [] : [`Next: ${code(command)}`];
}

/** After a repair the sample of its beginning is history: those who failed are the ones to look at. */
function sampleLine(report: Report): string[] {
  const failed = report.failures.flatMap(({ id, op }) => (id !== null && op === 'insert' ? [id] : []));
  const ids = (report.repair.scanned > 0 ? failed : report.sample).slice(0, IDS);
  return ids.length === 0 || !leftBy(report).missing ? [] : ['', `Sample: ${ids.map(code).join(', ')}`];
}

function lastRun({ runId, command, dryRun, startedAt, verdict, exitCode }: Report): string {
  const name = code(`${command}${dryRun ? ' --dry-run' : ''}`);
  return `Last run: ${name} ${code(runId)} at ${minute(startedAt)}, verdict ${code(verdict)}, exit ${exitCode}.`;
}

/** `2026-11-16 12:00 UTC` */
export function minute(moment: string): string {
  return `${moment.slice(0, 16).replace('T', ' ')} UTC`;
}
