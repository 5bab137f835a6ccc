/** SQLSTATEs of what passes: serialization, deadlock, lock timeout, statement timeout, too many connections, restarts. */
const PASSING = /^(40001|40P01|55P03|57014|57P0[123]|53300|08...)$/;

/** PostgREST cannot reach its database, or is still reading its schema. */
const STARTING = /^PGRST00[0-3]$/;

/** `again`: the same call may succeed in a moment; `final`: it will not until a person has changed something. */
export interface Failure {
  kind: 'again' | 'final';
  /** a SQLSTATE, a code of PostgREST, or what stands in for them: `network`, `http_502` */
  code: string;
}

/**
 * Judges an error of the Data API. A SQLSTATE decides before the HTTP status does: PostgREST answers 500 for some faults
 * that last. `status` 0 means that no answer came.
 */
export function failureOf(code: string, status: number): Failure {
  if (/^[0-9A-Z]{5}$/.test(code)) return { kind: PASSING.test(code) ? 'again' : 'final', code };
  if (/^PGRST[0-9X]{3}$/.test(code)) return { kind: STARTING.test(code) ? 'again' : 'final', code };
  if (status === 0) return { kind: 'again', code: 'network' };
  const passes = status >= 500 || status === 408 || status === 429;
  return { kind: passes ? 'again' : 'final', code: `http_${status}` };
}
