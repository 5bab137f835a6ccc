import { Fault } from '../fault.ts';

/** The longest that a timer can be set for. */
const LONGEST_MS = 2 ** 31 - 1;

/** Ends the run early after `ms`; undefined: never. Returns what calls it off. */
export function startDeadline(ms: number | undefined, stop: AbortController): () => void {
  if (ms === undefined) return () => {};
  const fault = new Fault('deadline', 'the deadline passed; this report is partial', {
    fix: 'run it again: what is done stays done; or give it longer with --deadline',
  });
  const timer = setTimeout(() => stop.abort(fault), Math.min(ms, LONGEST_MS)).unref();
  return () => clearTimeout(timer);
}
