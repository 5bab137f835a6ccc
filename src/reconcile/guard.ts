import type { Facts, Trigger } from '../facts.ts';
import { Fault } from '../fault.ts';
import type { Measure } from '../port.ts';
import { display } from '../sql/name.ts';
import { reachesOut } from './findings/repair.ts';
import type { Job } from './job.ts';

/** Users of the scope that have a row. */
function presentOf({ sourceTotal, missing, excluded }: Measure): number {
  const away = excluded.deleted + excluded.anonymous + excluded.sso + excluded.filtered + excluded.grace;
  return sourceTotal - missing - away;
}

/**
 * Refuses what looks like an accident, before anything is written; null: go on. An empty source beside a filled target
 * is refused even to `check`, because no number that follows could be trusted. `backfill` comes with share and writes lifted.
 */
export function guard(measured: Measure, job: Job, facts: Pick<Facts, 'target' | 'repairFunction'>): Fault | null {
  if (measured.sourceEmpty && !measured.targetEmpty) return emptySource(job);
  if (job.command === 'check') return null;
  return shareRefusal(measured, job) ?? writesRefusal(measured, job) ?? outwardRefusal(measured, job, facts);
}

function refusal(code: string, message: string, fix: string): Fault {
  return new Fault(code, message, { verdict: 'refused', fix });
}

function emptySource({ config }: Job): Fault {
  const message = `${display(config.source)} is empty while ${display(config.target)} is not`;
  return refusal('empty_source', message, 'check that DATABASE_URL, or SUPABASE_URL, leads to the right project');
}

function shareRefusal(measured: Measure, { limits, config, again }: Job): Fault | null {
  const expected = measured.missing + presentOf(measured);
  const share = expected === 0 ? 0 : measured.missing / expected;
  if (limits.share === null || measured.missing < limits.shareMinimum || share <= limits.share) return null;
  const percent = Math.ceil((measured.missing * 100) / expected);
  return refusal(
    'share_limit',
    `${thousands(measured.missing)} of ${thousands(expected)} expected users are missing from ` +
      `${display(config.target)} (${percent}%), more than the limit of ${Math.round(limits.share * 100)}%`,
    `if that is right: userdrift backfill${again}, or userdrift sync${again} --allow-share ${percent}%`,
  );
}

function writesRefusal(measured: Measure, { limits, scope, again }: Job): Fault | null {
  const rows = measured.missing + (measured.stale ?? 0);
  const limit = limits.writes === null ? null : Math.floor(limits.writes / (scope.shard?.count ?? 1));
  if (limit === null || rows <= limit) return null;
  return refusal(
    'writes_limit',
    `this run would write ${thousands(rows)} rows, more than the limit of ${thousands(limit)}`,
    `if that is right: userdrift backfill${again}, or userdrift sync${again} --max-writes ${rows * (scope.shard?.count ?? 1)}`,
  );
}

/** A repair must not send 10,000 welcome mails. */
function outwardRefusal(
  measured: Measure,
  { limits }: Job,
  { target, repairFunction }: Parameters<typeof guard>[2],
): Fault | null {
  const runs = ({ insert, update }: Trigger) => (insert ? measured.missing : 0) + (update ? (measured.stale ?? 0) : 0);
  const triggers = target?.triggers.filter((trigger) => trigger.enabled && trigger.outward) ?? [];
  const outward = triggers.map((trigger) => ({
    what: `trigger ${trigger.name}`,
    rows: runs(trigger),
    fix: 'disable the trigger for the run, or accept it with --allow-triggers',
  }));
  if (repairFunction && reachesOut(repairFunction)) {
    const what = `function ${repairFunction.name}`;
    outward.push({ what, rows: measured.missing, fix: 'accept it with --allow-triggers' });
  }
  const [worst] = outward.sort((a, b) => b.rows - a.rows);
  if (!worst || limits.triggers === null || worst.rows <= limits.triggers) return null;
  return refusal(
    'triggers_limit',
    `${worst.what} reaches outside the database and would run for ${thousands(worst.rows)} rows, ` +
      `more than the limit of ${thousands(limits.triggers)}`,
    worst.fix,
  );
}

function thousands(value: number): string {
  return value.toLocaleString('en-US');
}
