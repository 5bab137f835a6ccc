import { type Account, isLongAgo } from '../../history/summary.ts';
import type { PastRun } from '../../past-run.ts';
import { TONES } from '../headline.ts';
import type { Tone } from '../look.ts';
import { age, counted } from '../units.ts';

/** How a target stands, by its past runs. */
export interface Standing {
  tone: Tone;
  word: string;
  text: string;
}

/** The verdict of the past on one target: what the last run that tells something told, and when one last proved it. */
export function standingOf({ target, lastGoodAt, latest }: Account, now: string): Standing {
  if (latest === null) return { tone: 'warn', word: 'NOTHING PROVED', text: `${target}: no run was about all users` };
  if (TONES[latest.verdict] !== 'good' || latest.exitCode !== 0) return troubled(latest, lastGoodAt, now);
  if (lastGoodAt !== null && isLongAgo(lastGoodAt, Date.parse(now))) {
    const text = `no run has proved anything about ${target} for ${age(lastGoodAt, now)}`;
    return { tone: 'warn', word: 'LONG AGO', text };
  }
  const left = latest.residual ?? latest.missing ?? 0;
  if (left > 0) {
    const those = `${counted(left, 'user')} missing from ${target} (within --max-drift)`;
    return { tone: 'warn', word: wordOf(latest), text: `${those}, counted ${ago(latest.startedAt, now)}` };
  }
  return {
    tone: 'good',
    word: 'IN SYNC',
    text: `nobody is missing from ${target}, last proved ${ago(lastGoodAt ?? latest.startedAt, now)}`,
  };
}

function troubled(run: PastRun, lastGoodAt: string | null, now: string): Standing {
  // With --max-drift a success has not proved that nobody was missing.
  const before = lastGoodAt === null ? 'no run here has proved it' : `last success ${ago(lastGoodAt, now)}`;
  const tone = TONES[run.verdict] === 'good' ? 'bad' : TONES[run.verdict];
  const why = run.reason === null || run.reason === run.verdict ? '' : ` (${run.reason})`;
  return { tone, word: wordOf(run), text: `${seenBy(run)}${why}, ${ago(run.startedAt, now)}; ${before}` };
}

function wordOf({ verdict }: PastRun): string {
  return verdict.replace('_', ' ').toUpperCase();
}

/** What was left at the end, or else what was there at the start. */
function seenBy({ target, residual, missing }: PastRun): string {
  if (residual !== null && residual > 0) return `${counted(residual, 'user')} missing from ${target}`;
  if (residual !== null || missing === null || missing === 0) return target;
  return `${counted(missing, 'user')} ${missing === 1 ? 'was' : 'were'} missing from ${target}`;
}

/** `4m ago` */
function ago(moment: string, now: string): string {
  const passed = age(moment, now);
  return passed === 'in the future' ? passed : `${passed} ago`;
}
