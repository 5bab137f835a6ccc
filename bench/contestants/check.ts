import type { Arena } from '../arena.ts';
import type { Program } from '../program.ts';
import type { Outing } from '../rounds.ts';

/** `userdrift check`, the whole process. Throws when it does not count as many missing users as there are. */
export async function check({ report: run }: Program, { url }: Arena, missing: number): Promise<Outing> {
  const { code, report, seconds, peakMegabytes, cpuSeconds } = await run(['check'], { DATABASE_URL: url });
  const counted = report.drift.missing;
  if (counted !== missing || code !== (missing > 0 ? 2 : 0)) {
    throw new Error(`userdrift check counted ${counted} missing users and not ${missing}, exit ${code}`);
  }
  return { seconds, inside: report.durationMs / 1000, peakMegabytes, clientCpu: cpuSeconds };
}
