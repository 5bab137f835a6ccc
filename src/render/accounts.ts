import type { Report } from '../report.ts';
import { type Row, row, subrow } from './grid.ts';
import { age, counted, span, thousands } from './units.ts';

const EXCLUSIONS = [
  ['anonymous', 'anonymous'],
  ['deleted', 'deleted'],
  ['sso', 'single sign-on'],
  ['filtered', 'filtered'],
] as const;

/** Users without a row that need none; null where the run did not measure them. */
function notExpected(report: Report): number | null {
  const counts = Object.values(report.excluded);
  return counts.includes(null) ? null : counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

/** Users that ought to have a row; null where the run did not measure them. */
export function expected(report: Report): number | null {
  const skipped = notExpected(report);
  return report.source.total === null || skipped === null ? null : report.source.total - skipped;
}

/** source = in target + missing + not expected, as the first query of the run found it. */
export function sourceRows(report: Report): Row[] {
  const { source, drift, target } = report;
  if (source.total === null) return drift.missing ? [row('missing', drift.missing, ages(report))] : [];
  const wanted = expected(report);
  const present = wanted === null || drift.missing === null ? null : wanted - drift.missing;
  const rows = [
    ...(present ? [subrow(`in ${target}`, present)] : []),
    ...(drift.missing ? [subrow('missing', drift.missing, ages(report))] : []),
    ...(notExpected(report) ? [subrow('not expected', notExpected(report) ?? 0, exclusions(report))] : []),
  ];
  return [
    row(source.name, source.total, report.command === 'check' || report.dryRun ? '' : 'when the run began'),
    ...rows,
  ];
}

/** scanned = inserted + already present + vanished + excluded + suppressed + failed + unresolved */
export function repairRows({ repair, source }: Report): Row[] {
  if (repair.scanned === 0) return [];
  const rows = [
    subrow('inserted', repair.inserted),
    subrow('already present', repair.alreadyPresent, 'somebody else wrote them meanwhile'),
    subrow('vanished', repair.vanished, `deleted from ${source.name} meanwhile`),
    subrow('excluded', repair.excluded, 'not expected any more when written'),
    subrow('suppressed', repair.suppressed, 'a trigger or rule swallowed the row'),
    subrow('failed', repair.failed, 'the database refused the row'),
    subrow('unresolved', repair.unresolved, 'the run ended before their outcome was known'),
  ];
  return [row('scanned', repair.scanned), ...rows.filter((entry) => entry.count !== 0)];
}

/** What is worth knowing and in no sum. */
export function alsoRows(report: Report): Row[] {
  const { drift, repair } = report;
  const facts = [
    drift.stale ? `${thousands(drift.stale)} stale (refresh columns differ)` : '',
    repair.refreshed ? `${thousands(repair.refreshed)} refreshed` : '',
    arrivals(report) > 0 ? `${counted(arrivals(report), 'user')} arrived during this run` : '',
    drift.orphans ? `${counted(drift.orphans, 'orphan')} (never touched)` : '',
  ].filter(Boolean);
  return facts.length > 0 ? [row('Also', null, ...facts)] : [];
}

/** Those in grace at the start count as not expected already. */
function arrivals({ residual, excluded }: Report): number {
  return (residual.arrived ?? 0) - (excluded.grace ?? 0);
}

function ages({ drift, startedAt }: Report): string {
  if (drift.oldest === null) return 'oldest unknown';
  const newest = drift.newest === null ? '' : `, newest ${age(drift.newest, startedAt)}`;
  return `oldest ${age(drift.oldest, startedAt)}${newest}`;
}

function exclusions({ excluded, graceMs }: Report): string {
  const classes = EXCLUSIONS.flatMap(([key, word]) => (excluded[key] ? [`${thousands(excluded[key])} ${word}`] : []));
  const young = excluded.grace
    ? [`${thousands(excluded.grace)} younger than ${graceMs < 120_000 ? `${graceMs / 1000}s` : span(graceMs)}`]
    : [];
  return [...classes, ...young].join(', ');
}
