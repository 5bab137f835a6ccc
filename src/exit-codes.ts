/** The verdicts of a run and the exit code that each one earns. README, `--help` and the tests are made from this table. */
export const EXIT_CODES = [
  {
    code: 0,
    verdicts: ['in_sync', 'repaired'],
    meaning: 'a closing query proved that no eligible user is missing (check: drift is at most --max-drift)',
  },
  {
    code: 1,
    verdicts: ['failed', 'inconclusive'],
    meaning: 'could not do the job, or could not see (row level security, replica, privileges)',
  },
  {
    code: 2,
    verdicts: ['drift', 'unrepaired'],
    meaning: 'check or a dry run found drift; or users are still missing after repair; or --fail-on drift found any',
  },
  { code: 3, verdicts: ['busy'], meaning: 'another writing run holds the run lock; nothing written (--busy-ok: 0)' },
  { code: 4, verdicts: ['refused'], meaning: 'a guard tripped; nothing written; the message names what allows it' },
  { code: 64, verdicts: [], meaning: 'wrong command line' },
  {
    code: 130,
    verdicts: ['interrupted'],
    meaning: 'SIGINT (143: SIGTERM): batches in flight settled, the report says that it is partial',
  },
] as const;

export type Verdict = (typeof EXIT_CODES)[number]['verdicts'][number];

export const USAGE = 64;

/** The exit code of a verdict; an interrupted run takes the code of its signal instead. */
export function exitCodeOf(verdict: Verdict): number {
  const row = EXIT_CODES.find((entry) => (entry.verdicts as readonly string[]).includes(verdict));
  if (!row) throw new RangeError(`no exit code for verdict ${verdict}`);
  return row.code;
}
