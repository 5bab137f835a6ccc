import { actionOf } from '../attempts/action.ts';
import type { Judgement } from '../attempts/retry.ts';
import { Fault } from '../fault.ts';
import { Refusal } from './refusal.ts';

/**
 * What to do about a call that failed. `reached`: the Data API has answered before, so that a network that fails now may
 * come back; who typed a wrong address wants to know at once. `late`: what to do about a call that no answer came to in
 * time, `halve` what it asks for or send it again.
 */
export function judge(error: unknown, { reached, late }: { reached: boolean; late: 'halve' | 'reconnect' }): Judgement {
  if (error instanceof Refusal) return judgeRefusal(error, late);
  const code = error instanceof Fault ? null : networkCode(error);
  if (code === null || LASTING.test(code)) return { action: 'stop', code };
  if (!reached && !CUT.has(code)) return { action: 'stop', code };
  return { action: code === LATE ? late : 'reconnect', code };
}

function judgeRefusal({ status, code, state, pauseMs }: Refusal, late: 'halve' | 'reconnect'): Judgement {
  const told = { code: code ?? String(status), pauseMs: pauseMs ?? undefined };
  if (state !== null) return { action: state === 'XX000' ? 'row' : actionOf(state), ...told };
  // The Data API has no connection to the database, is still loading its schema, or found no free connection in time.
  if (code?.startsWith('PGRST')) return { action: /^PGRST00[0-3]$/.test(code) ? 'reconnect' : 'stop', ...told };
  if (status === 504) return { action: late, ...told };
  return { action: PASSING.has(status) ? 'reconnect' : 'stop', ...told };
}

/** Too many requests, and whatever a gateway says when nobody behind it answers. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 520, 521, 522, 523, 524, 544]);

/** A connection that was there broke off: one that was kept from an earlier run, as like as not. */
const CUT = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Our own limit for a call has passed. */
const LATE = 'ETIMEDOUT';

/** undici says `fetch failed`, and what the socket or the name server said is its cause; null: neither said anything. */
export function networkCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError') return LATE;
  const { cause } = error;
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  const code: unknown = inner instanceof Error ? Reflect.get(inner, 'code') : null;
  if (typeof code === 'string') return code;
  return error.message === 'fetch failed' ? 'UND_ERR_INVALID' : null;
}

/** Another try would end alike. */
const LASTING =
  /^(HPE_|ENOTFOUND|CERT_|ERR_TLS|ERR_SSL|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|INVALID_CA|UND_ERR_INVALID)/;
