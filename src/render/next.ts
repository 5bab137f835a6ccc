import type { Verdict } from '../exit-codes.ts';
import type { Report, UserOutcome } from '../report.ts';
import { readOnly } from './headline.ts';

const IDS_SHOWN = 3;
const OPEN = new Set<UserOutcome['outcome']>(['missing', 'suppressed', 'failed', 'unresolved']);

const NEXT: Partial<Record<Verdict, (report: Report) => string | null>> = {
  drift: (report) => (readOnly(report) ? afterDrift(report) : afterRepair(report)),
  unrepaired: afterRepair,
  busy: (report) => `${again(report)} --wait 10m`,
  failed: afterStop,
  inconclusive: afterStop,
  interrupted: again,
};

/** The command to type next, if there is one. `flags` make it speak of the same tables. */
export function nextCommand(report: Report, flags: string): string | null {
  const command = NEXT[report.verdict]?.(report) ?? null;
  return command === null ? null : command.replace(/^userdrift \w+/, (start) => `${start}${flags}`);
}

function afterDrift(report: Report): string {
  if (report.dryRun) return `userdrift ${report.command}${scopeFlags(report)}`;
  return report.users ? `userdrift sync${openFlags(report.users)}` : `userdrift sync --dry-run${scopeFlags(report)}`;
}

/** One failing user alone shows its code and constraint; a swallowed row is a trigger's doing. */
function afterRepair(report: Report): string | null {
  if (!report.residual.missing && !report.residual.stale) return null;
  if (report.users) return report.users.some(({ outcome }) => outcome === 'unresolved') ? again(report) : null;
  const failure = report.failures.find(({ op }) => op === 'insert');
  if (failure) return `userdrift sync --user ${failure.id ?? '<id>'}`;
  return report.repair.suppressed > 0 || report.failuresTotal > 0 ? 'userdrift doctor' : again(report);
}

/** A fault that knows its fix has said it; a run that had begun can be taken up again. */
function afterStop(report: Report): string | null {
  if (report.reason?.fix) return null;
  return report.repair.scanned > 0 ? again(report) : 'userdrift doctor';
}

function again(report: Report): string {
  return `userdrift ${report.command}${report.dryRun ? ' --dry-run' : ''}${scopeFlags(report)}`;
}

function scopeFlags({ scope, users }: Report): string {
  const named = userFlags(users?.map(({ id }) => id) ?? scope.users ?? []);
  return `${scope.since ? ` --since ${scope.since}` : ''}${scope.shard ? ` --shard ${scope.shard}` : ''}${named}`;
}

/** Those of the users asked for that still have no row. */
function openFlags(users: UserOutcome[]): string {
  return userFlags(users.flatMap(({ id, outcome }) => (OPEN.has(outcome) ? [id] : [])));
}

function userFlags(ids: (string | null)[]): string {
  const flags = ids.slice(0, IDS_SHOWN).map((id) => ` --user ${id ?? '<id>'}`);
  return `${flags.join('')}${ids.length > IDS_SHOWN ? ' ...' : ''}`;
}
