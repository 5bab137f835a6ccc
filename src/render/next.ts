import type { Verdict } from '../exit-codes.ts';
import type { Report } from '../report.ts';
import { readOnly } from './headline.ts';

const IDS_SHOWN = 3;

const NEXT: Partial<Record<Verdict, (report: Report) => string | null>> = {
  drift: (report) => (readOnly(report) ? afterDrift(report) : null),
  unrepaired: afterUnrepaired,
  busy: (report) => `${again(report)} --wait 10m`,
  failed: (report) => (report.reason?.fix ? null : 'userdrift doctor'),
  inconclusive: (report) => (report.reason?.fix ? null : 'userdrift doctor'),
  interrupted: again,
};

/** The command to type next, if there is one. */
export function nextCommand(report: Report): string | null {
  return NEXT[report.verdict]?.(report) ?? null;
}

function afterDrift(report: Report): string {
  if (report.dryRun) return `userdrift ${report.command}${scopeFlags(report)}`;
  const ids = report.users?.flatMap(({ id, outcome }) => (id && outcome === 'missing' ? [id] : [])) ?? [];
  if (ids.length > 0) return `userdrift sync${userFlags(ids)}`;
  return `userdrift sync --dry-run${scopeFlags(report)}`;
}

/** One failing user alone shows its code and constraint; a swallowed row is a trigger's doing. */
function afterUnrepaired(report: Report): string {
  const id = report.failures.find((failure) => failure.op === 'insert')?.id;
  if (id && !report.users) return `userdrift sync --user ${id}`;
  return report.repair.suppressed > 0 || report.repair.failed > 0 ? 'userdrift doctor' : again(report);
}

function again(report: Report): string {
  return `userdrift ${report.command}${report.dryRun ? ' --dry-run' : ''}${scopeFlags(report)}`;
}

function scopeFlags({ scope: { since, shard, users } }: Report): string {
  return `${since ? ` --since ${since}` : ''}${shard ? ` --shard ${shard}` : ''}${userFlags(users ?? [])}`;
}

function userFlags(ids: string[]): string {
  const flags = ids.slice(0, IDS_SHOWN).map((id) => ` --user ${id}`);
  return `${flags.join('')}${ids.length > IDS_SHOWN ? ' ...' : ''}`;
}
