import type { PastRun } from '../../past-run.ts';
import type { Tone } from '../look.ts';
import { printable } from '../printable.ts';
import { counted, spoken, thousands } from '../units.ts';
import { endingOf, endOf, isAboutAll, leftAfter, proves, staleAfter, startOf, tells } from './past.ts';
import { moment, type Saying } from './times.ts';

/** What is known of one target. */
export interface Known {
  /** Its runs, the oldest first. */
  runs: readonly PastRun[];
  /** null: not known yet */
  target: string | null;
  /** How many users ought to be there, by the run of that id; null: not known. */
  expectedBy: (runId: string) => number | null;
  /** How old a proof may be, in milliseconds, and since when one is waited for, ISO 8601; null: nobody waits. */
  waiting: { maxAgeMs: number; since: string } | null;
  /** How old a proof may be where nobody waits for one, in milliseconds. */
  holdsMs?: number;
  /** The last run that left no report; null: none did. `at` as ISO 8601. */
  silent: { command: string; at: string; text: string } | null;
  /** ISO 8601 */
  now: string;
  saying: Saying;
}

/** Are all users there? One sentence, and what there is to say about it. */
export interface Verdict {
  tone: Tone | 'none';
  text: string;
  notes: string[];
}

/** The verdict on one target, of all that its runs have told so far. */
export function verdictOf(known: Known): Verdict {
  const told = lastTold(known);
  const verdict = told && !isOvertaken(known, told) ? ofRun(known, told) : ofSilence(known, told);
  return { ...verdict, notes: [...verdict.notes, lastRunNote(known, told)].filter(Boolean) };
}

/** Is its word too old? Where nobody waits, it also holds only until a run does not reach its end. */
function isOvertaken(known: Known, told: PastRun): boolean {
  if (known.waiting !== null || isOld(known, endOf(told))) return isOld(known, endOf(told));
  const last = known.runs.findLast((run) => isAboutAll(run) && run.verdict !== 'busy');
  return last !== undefined && startOf(last) > startOf(told) && endingOf(last) !== 'done';
}

/** The run whose word counts: the last one about all users, unless one about a part has worse news since, or it is too old. */
function lastTold(known: Known): PastRun | null {
  const telling = known.runs.filter(tells);
  const whole = telling.findLast(({ full }) => full) ?? null;
  const since = whole === null ? telling : telling.slice(telling.indexOf(whole) + 1);
  const worse = lastOfEachPart(since).findLast((run) => isWorse(run) && !isOld(known, endOf(run)));
  if (worse) return worse;
  return whole === null || isOld(known, endOf(whole)) ? (telling.at(-1) ?? null) : whole;
}

/** What the first shard left is not found by the second one. Shards of another number are others. */
function lastOfEachPart(runs: readonly PastRun[]): PastRun[] {
  const number = (run: PastRun | undefined) => run?.shard?.split('/')[1];
  const last = runs.findLast(({ shard }) => shard !== null);
  const current = runs.filter((run) => run.shard === null || number(run) === number(last));
  return [...new Map(current.map((run) => [run.shard, run])).values()];
}

function isWorse(run: PastRun): boolean {
  return (leftAfter(run) ?? 0) > 0 || (staleAfter(run) ?? 0) > 0;
}

function isOld({ waiting, holdsMs = Number.POSITIVE_INFINITY, now }: Known, at: number): boolean {
  return Date.parse(now) - at >= (waiting?.maxAgeMs ?? holdsMs);
}

function ofRun(known: Known, run: PastRun): Verdict {
  const left = leftAfter(run) ?? 0;
  const stale = staleAfter(run) ?? 0;
  const tone = proves(run) ? 'warn' : 'bad';
  const when = `${known.saying(endOf(run))} by ${run.command}`;
  const tolerated = proves(run) ? 'that many are allowed (--max-drift)' : '';
  if (left > 0) {
    const those = `${counted(left, 'user')}${inScope(run)} ${left === 1 ? 'is' : 'are'} missing from ${nameOf(known)}`;
    return { tone, text: those, notes: [`counted ${when}`, repairNote(run), tolerated] };
  }
  if (stale > 0) {
    const text = `${counted(stale, 'row')}${inScope(run)} ${stale === 1 ? 'is' : 'are'} stale in ${nameOf(known)}`;
    return { tone, text, notes: [`counted ${when}`, 'nobody is missing'] };
  }
  return { tone: 'good', text: allThere(known, run), notes: [`proved ${when}`, repairNote(run)] };
}

function allThere(known: Known, run: PastRun): string {
  if (!run.full) return `No expected user in this scope is missing from ${nameOf(known)}`;
  const expected = run.missing === 0 ? known.expectedBy(run.runId) : null;
  if (expected === 0) return `No user is expected in ${nameOf(known)}`;
  const those = expected === null ? 'expected users' : counted(expected, 'expected user');
  return expected === 1 ? `The one expected user is in ${nameOf(known)}` : `All ${those} are in ${nameOf(known)}`;
}

function repairNote({ missing, inserted, failed }: PastRun): string {
  if (inserted === 0 && failed === 0) return '';
  const refused = failed > 0 ? `, ${thousands(failed)} refused by the database` : '';
  return `${missing === null ? '' : `${thousands(missing)} were missing, `}${thousands(inserted)} inserted${refused}`;
}

/** Nothing that counts, or not for too long. */
function ofSilence(known: Known, told: PastRun | null): Verdict {
  const { runs, silent, waiting, now } = known;
  if (told !== null) {
    const left = leftAfter(told) ?? 0;
    const before =
      left === 0 ? 'nobody was missing then' : `${counted(left, 'user')} ${left === 1 ? 'was' : 'were'} missing then`;
    const since = waiting ? `for ${spoken(Date.parse(now) - endOf(told))}` : `since ${moment(endOf(told))} UTC`;
    const text = `Nothing has been proved about ${nameOf(known)} ${since}`;
    return { tone: 'bad', text, notes: [before] };
  }
  if (waiting !== null && isOld(known, Date.parse(waiting.since))) {
    const span = spoken(Date.parse(now) - Date.parse(waiting.since));
    return { tone: 'bad', text: `Nothing has been proved since the start ${span} ago`, notes: [] };
  }
  if (runs.length === 0 && silent === null) return { tone: 'none', text: 'Waiting for the first run', notes: [] };
  return { tone: 'warn', text: `Nothing has been proved about ${nameOf(known)} yet`, notes: [] };
}

/** A good verdict is no reason to hide that the run after it failed. */
function lastRunNote({ runs, silent, saying }: Known, told: PastRun | null): string {
  const last = runs.at(-1);
  if (silent && (!last || Date.parse(silent.at) > startOf(last))) {
    return `the last run (${silent.command}, ${saying(silent.at)}): ${silent.text}`;
  }
  if (!last || last === told || endingOf(last) === 'done') return '';
  const reason = last.reason ? `: ${printable(last.reason, true)}` : '';
  return `the last run (${last.command}, ${saying(endOf(last))}) ended as ${last.verdict}${reason}`;
}

function nameOf({ target }: Known): string {
  return target === null ? 'the target' : printable(target, true);
}

function inScope({ full }: PastRun): string {
  return full ? '' : ' in this scope';
}
